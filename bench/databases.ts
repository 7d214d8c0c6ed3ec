/**
 * Databases to measure in, all equal but for what keeps the summary: each measure gets copies of
 * its own, so that none finds what another has left behind.
 */
import { connectDb } from '../engine/db/connect-db.ts';
import type { Db } from '../engine/db/db.ts';
import { createImat } from '../engine/index.ts';
import { createSales, createView, DEFINITION, VIEW } from './dataset.ts';
import type { Scale } from './scale.ts';

/**
 * `plain`: the table and nothing else. `view`: a materialized view too. `imat`: converted.
 * `pg_ivm`: as an IMMV.
 */
export type Kind = 'empty' | 'plain' | 'view' | 'imat' | 'pg_ivm';

export type Database = { readonly kind: Kind; readonly url: string; readonly db: Db };
export type Copies<K extends string> = Readonly<Record<K, Database>>;

export type Databases = {
  /** False where the server does not have the extension. */
  readonly hasPgIvm: boolean;
  /** Fresh copies, dropped when `work` ends. */
  readonly withCopies: <K extends string>(
    kinds: Readonly<Record<K, Kind>>,
    work: (copies: Copies<K>) => Promise<void>,
  ) => Promise<void>;
  readonly drop: () => Promise<void>;
};

const PREFIX = 'imat_bench_';
const LOCK_CLASS = 1_768_776_053;

type Template = {
  readonly of: Kind;
  readonly label: string;
  readonly fill: (db: Db) => Promise<void>;
};

/**
 * Prepares for copies; the databases that they are made of are made when a measure asks for such a
 * copy. @throws Error where another bench is running on the server
 */
export async function createDatabases(
  serverUrl: string,
  scale: Scale,
  onStep: (label: string) => void,
): Promise<Databases> {
  const maintenance = await connectDb({ kind: 'url', url: serverUrl });
  try {
    await takeServer(maintenance);
    const urlOf = (name: string): string => {
      const url = new URL(serverUrl);
      url.pathname = `/${PREFIX}${name}`;
      return url.href;
    };
    const templates: Readonly<Record<Exclude<Kind, 'empty'>, Template>> = {
      plain: {
        of: 'empty',
        label: `${scale.rows} rows, ${scale.groups} groups`,
        fill: (db) => createSales(db, scale.rows, scale.groups),
      },
      view: { of: 'plain', label: 'the materialized view', fill: createView },
      imat: { of: 'view', label: 'imat convert', fill: convertView },
      pg_ivm: { of: 'plain', label: 'pg_ivm', fill: createPgIvmView },
    };
    const made = new Set<Kind>();
    const templateOf = async (kind: Kind): Promise<string> => {
      if (kind === 'empty') return 'template0';
      const name = `${PREFIX}${kind}`;
      if (made.has(kind)) return name;
      const { of, label, fill } = templates[kind];
      const template = await templateOf(of);
      onStep(label);
      await maintenance.execute(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      await withDb(urlOf(kind), fill);
      await maintenance.execute('CHECKPOINT').catch(() => undefined);
      made.add(kind);
      return name;
    };
    return {
      hasPgIvm: await canCreatePgIvm(maintenance),
      withCopies: (kinds, work) => withCopies({ maintenance, urlOf, templateOf }, kinds, work),
      drop: async () => {
        await dropAll(maintenance);
        await maintenance.close();
      },
    };
  } catch (error) {
    await maintenance.close();
    throw error;
  }
}

/** One bench at a time on a server; what a killed one has left behind goes. */
async function takeServer(maintenance: Db): Promise<void> {
  const [lock] = await maintenance.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock($1, 0) AS taken',
    [LOCK_CLASS],
  );
  if (lock?.taken !== true) throw new Error('another bench is running on this server');
  await dropAll(maintenance);
}

async function dropAll(maintenance: Db): Promise<void> {
  const left = await maintenance.query<{ name: string }>(
    'SELECT quote_ident(datname) AS name FROM pg_database WHERE starts_with(datname, $1)',
    [PREFIX],
  );
  for (const { name } of left) await maintenance.execute(`DROP DATABASE ${name} WITH (FORCE)`);
}

type Maker = {
  readonly maintenance: Db;
  readonly urlOf: (name: string) => string;
  /** The name of what a copy is made of, which is made first where this is the first time. */
  readonly templateOf: (kind: Kind) => Promise<string>;
};

async function withCopies<K extends string>(
  { maintenance, urlOf, templateOf }: Maker,
  kinds: Readonly<Record<K, Kind>>,
  work: (copies: Copies<K>) => Promise<void>,
): Promise<void> {
  const copies: Partial<Record<K, Database>> = {};
  const names = Object.keys(kinds) as K[];
  try {
    for (const name of names) {
      const kind = kinds[name];
      const template = await templateOf(kind);
      const url = urlOf(`copy_${name}`);
      await maintenance.execute(`CREATE DATABASE ${PREFIX}copy_${name} TEMPLATE ${template}`);
      copies[name] = { kind, url, db: await connectDb({ kind: 'url', url }) };
    }
    await work(copies as Copies<K>);
  } finally {
    for (const name of names) {
      await copies[name]?.db.close();
      await maintenance.execute(`DROP DATABASE IF EXISTS ${PREFIX}copy_${name} WITH (FORCE)`);
    }
  }
}

async function convertView(db: Db): Promise<void> {
  await createImat(db).convert(`public.${VIEW}`);
  await db.execute('VACUUM (ANALYZE)');
}

async function createPgIvmView(db: Db): Promise<void> {
  await db.execute('CREATE EXTENSION pg_ivm');
  await db.query(`SELECT pgivm.create_immv('public.${VIEW}', $1)`, [DEFINITION]);
  await db.execute('VACUUM (ANALYZE)');
}

async function canCreatePgIvm(maintenance: Db): Promise<boolean> {
  const rows = await maintenance.query("SELECT FROM pg_available_extensions WHERE name = 'pg_ivm'");
  return rows.length > 0;
}

export async function withDb<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = await connectDb({ kind: 'url', url });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
