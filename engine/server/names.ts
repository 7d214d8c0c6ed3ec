/**
 * Finds what a user names: a materialized view by its name under the user's own search_path, or an
 * imat.
 */
import { ImatError } from '../errors/imat-error.ts';
import { catalogIsReadable } from '../catalog/trust.ts';
import type { Db } from '../db/db.ts';
import { isRefused, ServerError } from '../db/db.ts';
import { editDistance } from '../errors/near-words.ts';
import { shellWord } from '../errors/shell-word.ts';

export type NamedView = { readonly oid: number; readonly schema: string; readonly name: string };

/**
 * Inside a transaction. @throws ImatError `not_found`, `not_a_materialized_view`, `already_exists`,
 * `invalid_argument`
 */
export async function resolveMaterializedView(db: Db, name: string): Promise<NamedView> {
  const found = await resolveRelation(db, name);
  if (found === null) {
    const others = await db.query<{ name: string }>(
      `SELECT CASE WHEN n.nspname = 'public' THEN quote_ident(c.relname)
         ELSE quote_ident(n.nspname) || '.' || quote_ident(c.relname) END AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'm'
       ORDER BY 1`,
    );
    throw new ImatError('not_found', {
      message: `materialized view "${name}" does not exist`,
      hint: suggestion(
        name,
        others.map((other) => other.name),
        'materialized view',
      ),
    });
  }
  if (found.kind === 'm') return found;
  const imat = await imatOfView(db, found.oid);
  if (imat !== null) {
    throw new ImatError('already_exists', {
      message: `"${name}" is already an imat ("${imat}")`,
      hint: `imat status ${shellWord(imat)} shows it; imat revert ${shellWord(imat)} removes it.`,
    });
  }
  throw new ImatError('not_a_materialized_view', {
    message:
      `"${name}" is ${RELATION_KINDS[found.kind] ?? 'not a materialized view'}, ` +
      'not a materialized view',
    hint:
      found.kind === 'v'
        ? `imat create ${shellWord(found.name)} --query ${shellWord(`SELECT * FROM ${name}`)} ` +
          'makes an imat of what a view answers.'
        : /[rpf]/.test(found.kind)
          ? 'imat create <name> --query "SELECT ..." makes an imat of a query over tables.'
          : undefined,
  });
}

/**
 * The materialized view of the imat that `name` names by its own view or by the one in the
 * materialized view's place, and the imat's name; null for any other name. Inside a transaction.
 */
export async function resolveConverted(
  db: Db,
  name: string,
): Promise<{ readonly view: NamedView; readonly imat: string } | null> {
  if (!(await catalogIsReadable(db))) return null;
  const found = await resolveRelation(db, name);
  if (found?.kind !== 'v') return null;
  const [row] = await db.query<NamedView & { imat: string }>(
    `SELECT i.name AS imat, c.oid, n.nspname::text AS schema, c.relname::text AS name
     FROM imat_catalog.imat i JOIN pg_class c ON c.oid = i.original
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.state = 'active' AND (i.relation = $1::oid OR i.replacement = $1::oid)`,
    [found.oid],
  );
  if (row === undefined) return null;
  const { imat, ...view } = row;
  return { view, imat };
}

/** The imat that a view is: its own, or the one in the materialized view's place. */
async function imatOfView(db: Db, oid: number): Promise<string | null> {
  if (!(await catalogIsReadable(db))) return null;
  const [row] = await db.query<{ name: string }>(
    'SELECT name FROM imat_catalog.imat WHERE relation = $1::oid OR replacement = $1::oid',
    [oid],
  );
  return row?.name ?? null;
}

const RELATION_KINDS: Readonly<Record<string, string>> = {
  r: 'a table',
  v: 'a view',
  p: 'a partitioned table',
  i: 'an index',
  S: 'a sequence',
  f: 'a foreign table',
  c: 'a type',
};

export async function resolveRelation(
  db: Db,
  name: string,
): Promise<(NamedView & { readonly kind: string }) | null> {
  await checkRelationName(db, name);
  await db.query(`SELECT set_config('search_path', $1, true)`, [db.userSearchPath]);
  const [row] = await db.query<NamedView & { kind: string }>(
    `SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = pg_catalog.to_regclass($1)`,
    [name],
  );
  await db.query(`SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)`);
  return row ?? null;
}

/**
 * to_regclass will not do for this: from PostgreSQL 16 on it takes what is no name for the name of
 * nothing, and a number for an OID.
 */
async function checkRelationName(db: Db, name: string): Promise<void> {
  const invalid = (detail: string, cause?: unknown): ImatError =>
    new ImatError('invalid_argument', {
      message: `"${name}" is not a relation name`,
      detail,
      hint: 'Write name or schema.name, with double quotes around parts that need them.',
      cause,
    });
  const [row] = await db
    .query<{ parts: number }>('SELECT cardinality(parse_ident($1)) AS parts', [name])
    .catch((error: unknown) => {
      throw error instanceof ServerError && error.sqlstate === '22023'
        ? invalid(`${sentence(error.message)}.`, error)
        : error;
    });
  if ((row?.parts ?? 0) > 2) throw invalid('It has more than two parts.');
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The imat of that name, which may be quoted and have `imat.` before it. @throws ImatError
 * `not_found`
 */
export async function resolveImat(
  db: Db,
  name: string,
): Promise<{ id: number; name: string; state: string; strategy: string }> {
  const rows = await db.query<{ id: number; name: string; state: string; strategy: string }>(
    'SELECT id, name, state, strategy FROM imat_catalog.imat ORDER BY name',
  );
  const plain = name.replace(/^imat\./, '');
  const found =
    rows.find((row) => row.name === name) ??
    rows.find((row) => row.name === plain) ??
    rows.find((row) => `"${row.name.replaceAll('"', '""')}"` === plain);
  if (found !== undefined) return found;
  const converted = await convertedFrom(db, name);
  if (converted.length > 0)
    throw new ImatError('not_found', {
      message: `imat "${name}" does not exist`,
      detail: `The materialized view of this name was converted as ${quoted(converted)}.`,
      hint: `Write ${converted.map(shellWord).join(' or ')}.`,
    });
  throw new ImatError('not_found', {
    message: `imat "${name}" does not exist`,
    hint: suggestion(
      name,
      rows.map((row) => row.name),
      'imat',
    ),
  });
}

/**
 * The imats of a materialized view, by its name as the user writes it or as it was before
 * `--replace`. A role that only monitors may not read them.
 */
async function convertedFrom(db: Db, view: string): Promise<string[]> {
  const rows = await db
    .query<{ name: string }>(
      `SELECT i.name FROM imat_catalog.imat i
       LEFT JOIN pg_class c ON c.oid = i.original
       LEFT JOIN pg_namespace n ON n.oid = c.relnamespace,
       LATERAL (VALUES (n.nspname::text, c.relname::text), (i.original_schema, i.original_name))
         AS o(schema, name)
       WHERE i.builds IS NULL AND $1 IN (o.name, quote_ident(o.name), o.schema || '.' || o.name,
         quote_ident(o.schema) || '.' || quote_ident(o.name))
       GROUP BY i.name ORDER BY i.name`,
      [view],
    )
    .catch((error: unknown) => {
      if (!isRefused(error)) throw error;
      return [];
    });
  return rows.map(({ name }) => name);
}

const quoted = (names: readonly string[]): string =>
  names.map((name) => `imat "${name}"`).join(' and ');

/**
 * In the words of `imat.fold`. @throws ImatError `frontier_missing` if it is being installed or
 * reverted
 */
export function checkLoaded(imat: { readonly name: string; readonly state: string }): void {
  const { name, state } = imat;
  if (state === 'active') return;
  const word = shellWord(name);
  throw new ImatError('frontier_missing', {
    message: `imat "${name}" is not loaded${state === 'reverting' ? ' any more' : ' yet'}`,
    hint:
      state === 'reverting'
        ? `imat revert ${word} finishes its revert.`
        : `If no imat convert is under way, run imat repair ${word}.`,
  });
}

/**
 * Dropped with CASCADE, a source takes with it what reads it. @throws ImatError `source_changed`
 */
export async function checkIntact(db: Db, imatId: number): Promise<void> {
  await db.query('SELECT imat_catalog.require_intact($1)', [imatId]);
}

/**
 * The nearest name, whatever its case: schemas count only between names that are equally near
 * without them.
 */
function suggestion(wanted: string, names: readonly string[], what: string): string {
  if (names.length === 0) return `There is no ${what} in this database.`;
  const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  const [nearest] = names
    .map((name) => ({
      name,
      distance: editDistance(last(wanted).toLowerCase(), last(name).toLowerCase()),
      whole: editDistance(wanted, name),
    }))
    .sort((a, b) => a.distance - b.distance || a.whole - b.whole);
  if (nearest !== undefined && nearest.distance <= Math.max(2, wanted.length / 3))
    return `Did you mean ${nearest.name}?`;
  return `Known here: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : '.'}`;
}
