/**
 * What a convert checks before it changes anything, and its first transaction: the imat's row,
 * sources and definition.
 */
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import type { ConvertOptions, Reason } from '../api.ts';
import { attnumArray } from '../capture/install.ts';
import { makeStorePrivate } from '../catalog/private.ts';
import { LOCK_CLASS, catalogVersion, holdCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import { registerScript } from '../generate/script.ts';
import { shellWord } from '../errors/shell-word.ts';
import { joinsOf } from '../plan/joined-with.ts';
import { checkNamed } from '../server/named.ts';
import { imatNames } from '../sql/names.ts';

export type Request = ConvertOptions & {
  readonly name: string;
  /** The OID of the materialized view; null for a query. */
  readonly original: number | null;
  /** The names by which a recorded request can mean it. */
  readonly calledAs: readonly string[];
  /** The imat whose place it is to take. */
  readonly builds?: number;
  /** Whether its definition is that of the imat that it is to replace. */
  readonly keepsDefinition?: boolean;
  /** Reasons against delta that only the load could find. */
  readonly against?: readonly Reason[];
};

/**
 * A materialized view is refreshed with its owner's rights. An imat has those of the role that
 * converts: where that matters, it must be the owner's.
 * @throws ImatError `insufficient_privilege`
 */
export async function checkOwner(db: Db, original: number, { analysis }: Prepared): Promise<void> {
  const [row] = await db.query<{ owner: string; other: boolean }>(
    `SELECT pg_get_userbyid(c.relowner)::text AS owner,
       pg_get_userbyid(c.relowner) <> current_user AS other
     FROM pg_class c
     WHERE c.oid = $1`,
    [original],
  );
  if (row?.other !== true) return;
  const secured = analysis.sources
    .filter((source) => source.rowSecurity)
    .map((source) => `${source.schema}.${source.name}`);
  const [untrusted] = analysis.untrusted;
  if (untrusted === undefined && secured.length === 0) return;
  throw new ImatError('insufficient_privilege', {
    message: `this materialized view must be converted by its owner, "${row.owner}"`,
    detail:
      untrusted === undefined
        ? `Row security of ${secured.join(', ')} shows other rows to you than to the owner.`
        : `It calls function ${untrusted}, which would run with your rights.`,
    hint: `Connect as "${row.owner}".`,
  });
}

export function checkName(name: string): void {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new ImatError('invalid_argument', {
      message: `"${name}" cannot be the name of an imat`,
      detail: 'A name has 1 to 63 bytes.',
    });
  }
  // Whoever writes the schema does not want it twice.
  if (name.startsWith('imat.') && name !== 'imat.')
    throw new ImatError('invalid_argument', {
      message: `"${name}" cannot be the name of an imat`,
      detail: `It would be read as ${imatNames(name).view.text}.`,
      hint: `Leave the schema out: ${shellWord(name.slice('imat.'.length))}.`,
    });
}

/**
 * Whether an imat can have this name. Gives the imat whose convert was interrupted, if that has it.
 * @throws ImatError `already_exists`
 */
export async function checkFree(
  db: Db,
  { name, original }: Pick<Request, 'name' | 'original'>,
): Promise<number | null> {
  const known = (await catalogVersion(db)) === 0 ? null : await installed(db, name);
  if (known?.state === 'installing') throw installedElsewhere(name);
  if (known?.state === 'active') {
    throw new ImatError('already_exists', {
      message: `imat "${name}" already exists`,
      hint:
        original === null
          ? `imat alter ${shellWord(name)} --query ... gives it another definition or strategy; ` +
            'with the definition that it has, another --freshness changes it in place.'
          : 'Another --freshness changes it in place; otherwise choose another name with --name, ' +
            `or run imat revert ${shellWord(name)} first.`,
    });
  }
  const [taken] = await db.query(
    `SELECT
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'imat' AND c.relname = $1`,
    [name],
  );
  if (known === null && taken !== undefined) {
    throw new ImatError('already_exists', {
      message: `relation ${imatNames(name).view.text} already exists and is not an imat`,
      hint: `Choose another name${original === null ? '' : ' with --name'}.`,
    });
  }
  return known?.id ?? null;
}

const installedElsewhere = (name: string): ImatError =>
  new ImatError('already_exists', {
    message: `imat "${name}" is being installed by another session`,
    hint: `Wait until it has ended. imat status ${shellWord(name)} shows whether it has.`,
  });

async function installed(
  db: Db,
  name: string,
): Promise<{ id: number; state: 'active' | 'installing' | 'interrupted' } | null> {
  const [known] = await db.query<{ id: number }>(
    'SELECT id FROM imat_catalog.imat WHERE name = $1',
    [name],
  );
  if (known === undefined) return null;
  // In this order: an install that ends in between has made the imat active by then.
  const [install] = await db.query<{ busy: boolean }>('SELECT imat_catalog.is_built($1) AS busy', [
    known.id,
  ]);
  const [imat] = await db.query<{ state: 'active' | 'installing' | 'reverting' }>(
    'SELECT state FROM imat_catalog.imat WHERE id = $1',
    [known.id],
  );
  if (imat === undefined) return null;
  if (imat.state === 'active') return { id: known.id, state: 'active' };
  return { id: known.id, state: install?.busy === true ? 'installing' : 'interrupted' };
}

export async function register(db: Db, request: Request, prepared: Prepared): Promise<number> {
  const names = imatNames(request.name);
  const register = async (): Promise<number> => {
    await holdCatalog(db);
    db.defer('SELECT imat_catalog.follow_identities()');
    if (request.builds !== undefined) await checkStays(db, request.builds);
    const id = await insertImat(db, request, prepared);
    const joins = joinsOf(planOf(prepared));
    for (const { oid, columns } of prepared.watched) {
      await db.query(
        `INSERT INTO imat_catalog.imat_source (imat_id, relation_text, columns, joins)
         VALUES ($1, $2::oid::regclass::text, $3::smallint[], $4::smallint[])`,
        [
          id,
          oid,
          columns === null ? null : attnumArray(columns),
          `{${[...(joins.get(oid) ?? [])].join(',')}}`,
        ],
      );
    }
    for (const { sql } of registerScript({ ...prepared.analysis, names }))
      await db.execute(sql.text);
    // The definition view holds locks on what it reads until the transaction ends.
    await checkNamed(db, prepared.named);
    await makeStorePrivate(db);
    await db.query('UPDATE imat_catalog.imat SET definition_view_text = $2 WHERE id = $1', [
      id,
      names.definition.sql.text,
    ]);
    await db.query(`SELECT imat_catalog.note_facts($1, ${WATCHED})`, [
      id,
      JSON.stringify(prepared.analysis.enums),
    ]);
    await noteInlined(db, id, request, prepared);
    await noteCalled(db, id, prepared);
    await db.query('SELECT imat_catalog.begin_history()');
    await holdInstall(db, id);
    return id;
  };
  return withShortLock(db, register);
}

/** The enums whose labels are kept beside what is stored. */
const WATCHED = 'ARRAY(SELECT jsonb_array_elements_text($2::jsonb)::regtype::oid)';

/** The views whose queries are in the text of the definition. */
async function noteInlined(
  db: Db,
  id: number,
  { builds, keepsDefinition }: Request,
  { analysis }: Prepared,
): Promise<void> {
  await db.query('SELECT imat_catalog.note_inlined($1, $2::oid[])', [
    id,
    `{${analysis.inlined.join(',')}}`,
  ]);
  if (keepsDefinition === true)
    await db.query(
      `SELECT imat_catalog.note_inlined($1, ARRAY(SELECT f.object
       FROM imat_catalog.fact f JOIN pg_class c ON c.oid = f.object
       WHERE f.imat_id = $2 AND f.class = 'pg_class'::regclass
         AND (c.relkind = 'v' OR f.facts ? 'inlined')))`,
      [id, builds],
    );
}

/**
 * The functions that only the bodies of the definition's functions call.
 * @throws ImatError `contention` if one that was read has been replaced since
 */
async function noteCalled(db: Db, id: number, { analysis }: Prepared): Promise<void> {
  const { proved, calledInBodies: called } = analysis;
  const [replaced] = await db.query<{ name: string }>(
    `SELECT f.oid::regprocedure::text AS name
     FROM jsonb_to_recordset($1::jsonb) f(oid oid, version text)
       LEFT JOIN pg_proc p ON p.oid = f.oid
     WHERE p.xmin::text IS DISTINCT FROM f.version LIMIT 1`,
    [JSON.stringify([...proved, ...called].map(({ oid, version }) => ({ oid, version })))],
  );
  if (replaced !== undefined)
    throw new ImatError('contention', {
      message: `function ${replaced.name} was replaced by another session`,
      hint: 'Try again.',
    });
  if (called.length === 0) return;
  await db.query(`SELECT imat_catalog.note_called($1, $3::oid[], ${WATCHED})`, [
    id,
    JSON.stringify(analysis.enums),
    `{${[...new Set(called.map(({ oid }) => oid))].join(',')}}`,
  ]);
}

/** The imat that a build is to replace. @throws ImatError `not_found` */
async function checkStays(db: Db, id: number): Promise<void> {
  const [row] = await db.query<{ state: string }>(
    'SELECT state FROM imat_catalog.imat WHERE id = $1 FOR KEY SHARE',
    [id],
  );
  if (row === undefined || row.state === 'reverting')
    throw new ImatError('not_found', { message: 'the imat was reverted by another session' });
}

async function insertImat(db: Db, request: Request, prepared: Prepared): Promise<number> {
  const { analysis } = prepared;
  const [row] = await db.query<{ id: number }>(
    `INSERT INTO imat_catalog.imat (
       name, strategy, freshness, state, definition, original_text, watchable, reasons, notes,
       untrusted, dependence, builds, completed
     )
     VALUES ($1, $2, $3, 'installing', $4, $5::oid::regclass::text, $6, $7::jsonb, $8::jsonb, $9,
       $10, $11, $12::jsonb)
     ON CONFLICT DO NOTHING
     RETURNING id`,
    [
      request.name,
      prepared.strategy,
      prepared.freshness,
      analysis.definition,
      request.original,
      analysis.unwatchable.length === 0 && analysis.dependence === 'tables',
      JSON.stringify(
        prepared.strategy === 'delta' ? [] : [...analysis.reasons, ...(request.against ?? [])],
      ),
      JSON.stringify(prepared.notes),
      analysis.untrusted.length > 0,
      analysis.dependence,
      request.builds ?? null,
      JSON.stringify(analysis.completion),
    ],
  );
  if (row === undefined) throw installedElsewhere(request.name);
  return row.id;
}

/**
 * The advisory lock of an install, held until the install or the session has ended. It tells an
 * install under way from an interrupted one. It is taken last, because it would outlive a
 * transaction that fails.
 */
async function holdInstall(db: Db, id: number): Promise<void> {
  const [lock] = await db.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock($1, $2) AS taken',
    [LOCK_CLASS, id],
  );
  if (lock?.taken !== true)
    throw new ImatError('contention', {
      message: `another session holds advisory lock (${LOCK_CLASS}, ${id}), which is imat's`,
      hint: 'pg_locks tells the process; pg_terminate_backend ends it.',
    });
}
