/**
 * A server with the extension, and a source whose changes are captured twice: by plpgsql as the
 * engine installs it, and in C.
 */
import { readFileSync } from 'node:fs';
import type { Db, Row } from '../../../engine/db/db.ts';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { loadColumns } from '../../../engine/server/columns.ts';
import { captureFunctions, createLog, createTriggers } from '../../../engine/generate/capture.ts';
import { CAPTURE_EVENTS, type CaptureEvent } from '../../../engine/sql/names.ts';
import type { Sql } from '../../../engine/sql/sql.ts';
import { fragment, qualified } from '../../../engine/sql/sql.ts';
import { provideFor } from '../../../tools/extension.ts';
import { startPostgres } from '../../../tools/postgres.ts';

export type CaptureServer = {
  readonly url: string;
  readonly major: number;
  connect(role?: string): Promise<Db>;
  stop(): Promise<void>;
};

/** Of the version asked for, else of the one that IMAT_EXTENSION_MAJOR names, else 15. */
export async function startWithExtension(
  settings: Readonly<Record<string, string | number>> = {},
  major = Number(process.env['IMAT_EXTENSION_MAJOR'] ?? 15),
): Promise<CaptureServer> {
  const { binaries } = provideFor(major);
  const server = await startPostgres({
    binaries,
    settings: { shared_preload_libraries: 'table_change_tracker', ...settings },
  });
  const opened: Db[] = [];
  const connect = async (role?: string): Promise<Db> => {
    const url = new URL(server.url);
    if (role !== undefined) url.username = role;
    const db = await connectDb({ kind: 'url', url: url.href });
    opened.push(db);
    await db.execute('SET search_path = public');
    return db;
  };
  await (await connect()).execute('CREATE EXTENSION table_change_tracker');
  return {
    url: server.url,
    major: server.major,
    connect,
    async stop() {
      await Promise.all(opened.map((db) => db.close().catch(() => undefined)));
      await server.stop();
    },
  };
}

export type Twice = {
  readonly columns: readonly string[];
  readonly sql: string;
  readonly c: string;
};

const TRANSITIONS = {
  insert: 'REFERENCING NEW TABLE AS new_rows',
  update: 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows',
  delete: 'REFERENCING OLD TABLE AS old_rows',
} as const;

/** Statements that put C capture on a table, as an engine does. */
export const cTriggers = (table: string): string =>
  Object.entries(TRANSITIONS)
    .map(
      ([event, rows]) => `CREATE TRIGGER "!c_${event}" AFTER ${event} ON ${table} ${rows}
        FOR EACH STATEMENT EXECUTE FUNCTION capture_changes();
      ALTER TABLE ${table} ENABLE ALWAYS TRIGGER "!c_${event}";`,
    )
    .join('\n');

/** Captures the named columns of `public.<table>` into `<table>_log_sql` and `<table>_log_c`. */
export async function captureTwice(
  db: Db,
  table: string,
  logged: readonly string[],
): Promise<Twice> {
  const [row] = await db.query<{ oid: number }>(`SELECT '${table}'::regclass::oid::int AS oid`);
  const all = (await loadColumns(db, [row?.oid ?? 0])).get(row?.oid ?? 0) ?? [];
  const columns = all.filter((column) => logged.includes(column.name));
  const log = (kind: string): Sql => qualified('public', `${table}_log_${kind}`);
  for (const kind of ['sql', 'c']) await db.execute(createLog(log(kind), columns).text);
  const functions = Object.fromEntries(
    CAPTURE_EVENTS.map((event) => [event, fragment(`public.${table}_${event}`)]),
  ) as unknown as Record<CaptureEvent, Sql>;
  await db.execute('CREATE SCHEMA IF NOT EXISTS imat_store');
  for (const name of [
    'same_type',
    'has_column',
    'inheritors',
    'planned_parts',
    'is_locked',
    'has_columns',
    'part_tree',
    'captured_rows',
    'is_root',
    'is_detaching',
    'estimated_rows',
    'capture_command',
    'is_loggable',
  ])
    await db.execute(readFileSync(`engine/catalog/functions/${name}.sql`, 'utf8'));
  const target = {
    oid: row?.oid ?? 0,
    source: qualified('public', table),
    hasParts: false,
    isGiven: false,
    log: log('sql'),
    functions,
    extension: null,
    columns,
  };
  for (const statement of [...captureFunctions(target), ...createTriggers(target)])
    await db.execute(statement.text);
  await db.execute(`DROP TRIGGER "~imat_truncate" ON ${table}`);
  await db.execute(`SELECT enable_capture('${table}', '${log('c').text}')`);
  await db.execute(cTriggers(table));
  return {
    columns: columns.map((column) => `c${column.attnum}`),
    sql: `${table}_log_sql`,
    c: `${table}_log_c`,
  };
}

/**
 * What a log comes to: the sum of the weights of each image, by transaction; images to the last
 * bit.
 */
const sums = (log: string, columns: readonly string[]): string =>
  `SELECT xid, sum(weight) AS weight, record_send(ROW(${columns.join(', ')})) AS image
   FROM ${log}
   GROUP BY xid, image
   HAVING sum(weight) <> 0`;

/** The difference between the two logs, and the numbers of rows in them. */
export async function compareLogs(
  db: Db,
  { columns, sql, c }: Twice,
): Promise<{ different: Row[]; rows: readonly [number, number] }> {
  const different = await db.query(
    `(SELECT 'sql' AS only_in, * FROM (${sums(sql, columns)} EXCEPT ALL ${sums(c, columns)}) a)
     UNION ALL (SELECT 'c', * FROM (${sums(c, columns)} EXCEPT ALL ${sums(sql, columns)}) b)
     LIMIT 5`,
  );
  const [counted] = await db.query<{ s: number; c: number }>(
    `SELECT (SELECT count(*) FROM ${sql})::int AS s, (SELECT count(*) FROM ${c})::int AS c`,
  );
  return { different, rows: [counted?.s ?? 0, counted?.c ?? 0] };
}

/** Numbers from 0 to n - 1 that a seed decides. */
export function randomFrom(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}
