/**
 * `--replace`: an ordinary view of the same name in the materialized view's place, so that applications change nothing.
 * The materialized view itself is kept beside it under another name, untouched, and comes back with `imat revert`. It
 * stays in its schema: moved to another one, its indexes could meet others of their names there.
 *
 * What depends on a materialized view depends on it by OID, and would go on reading the old data under its new name:
 * ordinary views are pointed to the new view (and back by revert); anything else that depends on it is a refusal.
 */
import { ImatError } from '../../parser/errors.ts';
import type { Db } from '../db/db.ts';
import { API_SCHEMA, cutName } from '../sql/names.ts';
import { fragment, ident, qualified, sql } from '../sql/sql.ts';
import { likeOriginalInPlace } from './likeness.ts';
import type { NamedView } from './resolve.ts';

type Dependent = { readonly oid: number; readonly name: string; readonly kind: string };

const DEPENDENTS_SQL = `
SELECT DISTINCT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, c.relkind::text AS kind
FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND c.oid <> $1 ORDER BY 1`;

/**
 * Functions with SQL-standard bodies, policies and the like; and whatever uses its row type, which the view in its place
 * does not have. Its own type, rule, toast table and indexes do not count.
 */
const OTHERS_SQL = `
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS what
FROM pg_depend d
WHERE d.deptype = 'n' AND d.classid <> 'pg_rewrite'::regclass
  AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
    OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT unnest(ARRAY[t.oid, t.typarray]) FROM pg_type t WHERE t.typrelid = $1))
ORDER BY 1`;

export async function viewDependents(db: Db, oid: number): Promise<Dependent[]> {
  return db.query<Dependent>(DEPENDENTS_SQL, [oid]);
}

/** @throws ImatError `has_dependents` */
export async function checkReplaceable(db: Db, original: NamedView): Promise<void> {
  const others = await db.query<{ what: string }>(OTHERS_SQL, [original.oid]);
  const blocking = [...(await viewDependents(db, original.oid)).filter((view) => view.kind !== 'v').map((view) => `materialized view ${view.name}`), ...others.map((other) => other.what)];
  if (blocking.length === 0) return;
  throw new ImatError('has_dependents', {
    message: `materialized view "${original.name}" cannot be replaced, because other objects depend on it`,
    detail: `${blocking.join(', ')} would go on reading the old data.`,
    hint: `Convert without --replace and read imat.${original.name}, or change these objects first.`,
  });
}

/** Inside a transaction. */
export async function replaceOriginal(db: Db, imatId: number): Promise<void> {
  const [row] = await db.query<{ name: string; oid: number; schema: string; relname: string }>(
    `SELECT i.name, c.oid, n.nspname::text AS schema, c.relname::text AS relname
     FROM imat_catalog.imat i JOIN pg_class c ON c.oid = i.original JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.id = $1`,
    [imatId],
  );
  if (row === undefined) return;
  const place = qualified(row.schema, row.relname);
  const dependents = await viewBodies(db, row.oid);
  await db.execute(sql`ALTER MATERIALIZED VIEW ${place} RENAME TO ${ident(cutName(`${row.relname}_before_imat`))}`.text);
  await db.execute(sql`CREATE VIEW ${place} AS SELECT * FROM ${qualified(API_SCHEMA, row.name)}`.text);
  for (const statement of await likeOriginalInPlace(db, row.oid, place)) await db.execute(statement.sql.text);
  await pointViews(db, dependents);
  await db.query('UPDATE imat_catalog.imat SET replacement = $2::regclass, original_schema = $3, original_name = $4 WHERE id = $1', [imatId, place.text, row.schema, row.relname]);
}

/** The other way round. Inside a transaction; the imat's view is still there. */
export async function restoreOriginal(db: Db, imatId: number): Promise<void> {
  const [row] = await db.query<{ original: string | null; replacement: string | null; replacement_oid: number | null; schema: string; name: string }>(
    `SELECT o.oid::regclass::text AS original, r.oid::regclass::text AS replacement, r.oid AS replacement_oid, i.original_schema AS schema, i.original_name AS name
     FROM imat_catalog.imat i LEFT JOIN pg_class o ON o.oid = i.original LEFT JOIN pg_class r ON r.oid = i.replacement WHERE i.id = $1 AND i.original_name IS NOT NULL`,
    [imatId],
  );
  if (row === undefined || row.original === null) return;
  const dependents = row.replacement_oid === null ? [] : await viewBodies(db, row.replacement_oid);
  // The bodies name the view in the original's place: it must have given up the name when they are created again.
  const aside = cutName(`${row.name}_by_imat`);
  if (row.replacement !== null) await db.execute(sql`ALTER VIEW ${fragment(row.replacement)} RENAME TO ${ident(aside)}`.text);
  await db.execute(sql`ALTER MATERIALIZED VIEW ${fragment(row.original)} RENAME TO ${ident(row.name)}`.text);
  await pointViews(db, dependents);
  if (row.replacement !== null) await db.execute(sql`DROP VIEW ${qualified(row.schema, aside)}`.text);
}

type ViewBody = { readonly name: string; readonly definition: string; readonly options: string };

async function viewBodies(db: Db, oid: number): Promise<ViewBody[]> {
  const views = await viewDependents(db, oid);
  const bodies: ViewBody[] = [];
  for (const view of views.filter((one) => one.kind === 'v')) {
    const [row] = await db.query<{ definition: string; options: string | null }>(
      `SELECT pg_get_viewdef(c.oid) AS definition, array_to_string(c.reloptions, ', ') AS options FROM pg_class c WHERE c.oid = $1`,
      [view.oid],
    );
    if (row !== undefined) bodies.push({ name: view.name, definition: row.definition, options: row.options === null || row.options === '' ? '' : ` WITH (${row.options})` });
  }
  return bodies;
}

/** The texts name the replaced relation, so that creating the views again points them to what has the name now. */
async function pointViews(db: Db, views: readonly ViewBody[]): Promise<void> {
  for (const view of views) await db.execute(`CREATE OR REPLACE VIEW ${view.name}${view.options} AS ${view.definition}`);
}
