/**
 * `--replace`: an ordinary view of the same name in the materialized view's place, so that
 * applications change nothing. The materialized view itself is kept beside it under another name,
 * untouched, and comes back with `imat revert`. It stays in its schema: moved to another one, its
 * indexes could meet others of their names there.
 *
 * What depends on a materialized view depends on it by OID, and would go on reading the old data
 * under its new name: ordinary views are pointed to the new view (and back by revert); anything
 * else that depends on it is a refusal.
 */
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from '../db/db.ts';
import { API_SCHEMA, cutName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, qualified, sql } from '../sql/sql.ts';
import { carriedAttributesInPlace, noteGrants } from './carried-attributes.ts';
import { catalogIsReadable } from '../catalog/trust.ts';
import type { NamedView } from '../server/names.ts';

/**
 * `what` as PostgreSQL calls it; `isView`: an ordinary view's query, which can be created again.
 */
type Dependent = {
  readonly oid: number;
  readonly name: string;
  readonly what: string;
  readonly isView: boolean;
  readonly isMaterialized: boolean;
};

const DEPENDENTS_SQL = `
SELECT DISTINCT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
  c.relkind = 'v' AND r.rulename = '_RETURN' AS "isView", c.relkind = 'm' AS "isMaterialized",
  CASE WHEN r.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, c.oid, 0)
    ELSE pg_describe_object('pg_rewrite'::regclass, r.oid, 0) END AS what
FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND c.oid <> $1 ORDER BY 1`;

/**
 * Functions with SQL-standard bodies, policies and the like; and whatever uses its row type, which
 * the view in its place does not have. Its own type, rule, toast table and indexes do not count.
 */
const OTHERS_SQL = `
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS what
FROM pg_depend d
WHERE d.deptype = 'n' AND d.classid <> 'pg_rewrite'::regclass
  AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
    OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (
      SELECT unnest(ARRAY[t.oid, t.typarray]) FROM pg_type t WHERE t.typrelid = $1))
ORDER BY 1`;

export async function viewDependents(db: Db, oid: number): Promise<Dependent[]> {
  return db.query<Dependent>(DEPENDENTS_SQL, [oid]);
}

/** Materialized views in whose place a view is: they are kept for revert, and nobody reads them. */
async function replacedOriginals(db: Db): Promise<ReadonlySet<number>> {
  if (!(await catalogIsReadable(db))) return new Set();
  const rows = await db.query<{ oid: number }>(
    `SELECT i.original::oid AS oid FROM imat_catalog.imat i
       JOIN pg_class v ON v.oid = i.replacement JOIN pg_class m ON m.oid = i.original`,
  );
  return new Set(rows.map(({ oid }) => oid));
}

/** The materialized views that read one and are not replaced yet: those are replaced first. */
export async function stackedOn(db: Db, oid: number): Promise<string[]> {
  const aside = await replacedOriginals(db);
  return (await viewDependents(db, oid))
    .filter((dependent) => dependent.isMaterialized && !aside.has(dependent.oid))
    .map(({ name }) => name);
}

/** @throws ImatError `has_dependents` */
export async function checkReplaceable(db: Db, original: NamedView): Promise<void> {
  const others = await db.query<{ what: string }>(OTHERS_SQL, [original.oid]);
  const blocking = [
    ...(await viewDependents(db, original.oid))
      // Materialized views that read it are replaced before it: see stackedOn.
      .filter((dependent) => !dependent.isView && !dependent.isMaterialized)
      .map((dependent) => dependent.what),
    ...others.map((other) => other.what),
  ];
  if (blocking.length === 0) return;
  throw new ImatError('has_dependents', {
    message:
      `materialized view "${original.name}" cannot be replaced, ` +
      'because other objects depend on it',
    detail: `${blocking.join(', ')} would go on reading the old data.`,
    hint:
      `Convert without --replace and read imat.${original.name}, ` +
      'or change these objects first.',
  });
}

/** Inside a transaction. */
export async function replaceOriginal(db: Db, imatId: number): Promise<void> {
  const [imat] = await db.query<{ state: string; replaced: boolean }>(
    `SELECT state, original_name IS NOT NULL AS replaced FROM imat_catalog.imat
     WHERE id = $1 FOR NO KEY UPDATE`,
    [imatId],
  );
  if (imat?.state !== 'active')
    throw new ImatError('not_found', { message: 'the imat was reverted by another session' });
  // By another session, meanwhile.
  if (imat.replaced) return;
  const [row] = await db.query<{ name: string; oid: number; schema: string; relname: string }>(
    `SELECT i.name, c.oid, n.nspname::text AS schema, c.relname::text AS relname
     FROM imat_catalog.imat i
       JOIN pg_class c ON c.oid = i.original
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.id = $1`,
    [imatId],
  );
  if (row === undefined) return;
  const place = qualified(row.schema, row.relname);
  const dependents = await viewBodies(db, row.oid);
  await db.execute(
    sql`ALTER MATERIALIZED VIEW ${place} RENAME TO ${ident(cutName(`${row.relname}_before_imat`))}`
      .text,
  );
  await createReplacement(db, row.name, row.oid, place);
  await pointViews(db, dependents);
  await noteRenamed(db, imatId);
  await db.query(
    `UPDATE imat_catalog.imat
     SET replacement_text = $2, original_schema = $3, original_name = $4
     WHERE id = $1`,
    [imatId, place.text, row.schema, row.relname],
  );
  await noteGrants(db, imatId);
}

/** The original has another name now, and is the same relation. */
async function noteRenamed(db: Db, imatId: number): Promise<void> {
  await db.query('UPDATE imat_catalog.imat SET original_text = original::text WHERE id = $1', [
    imatId,
  ]);
}

/** With the rights and comments of the original, if that is there. */
export async function createReplacement(
  db: Db,
  name: string,
  original: number | null,
  place: Sql,
): Promise<void> {
  await db.execute(sql`CREATE VIEW ${place} AS SELECT * FROM ${qualified(API_SCHEMA, name)}`.text);
  if (original === null) return;
  for (const statement of await carriedAttributesInPlace(db, original, place))
    await db.execute(statement.sql.text);
}

type Place = { readonly schema: string; readonly name: string };
type Replaced = {
  readonly place: Place;
  readonly original: Place;
  readonly replacement: (Place & { readonly oid: number }) | null;
};

/**
 * The other way round, wherever the two are by now. Inside a transaction; the imat's view is still
 * there.
 */
export async function restoreOriginal(db: Db, imatId: number): Promise<void> {
  const found = await replaced(db, imatId);
  if (found === null) return;
  const { place, original, replacement } = found;
  const aside = { ...place, name: cutName(`${place.name}_by_imat`) };
  // Bodies name the relation that they read: it has the name in question now, and the original has
  // it when they are created again.
  if (replacement !== null) await move(db, sql`VIEW`, replacement, place);
  const dependents = replacement === null ? [] : await viewBodies(db, replacement.oid);
  if (replacement !== null) await move(db, sql`VIEW`, place, aside);
  await move(db, sql`MATERIALIZED VIEW`, original, place);
  await pointViews(db, dependents);
  if (replacement !== null)
    await db.execute(sql`DROP VIEW ${qualified(aside.schema, aside.name)}`.text);
}

/** Null where there is no materialized view to bring back. */
async function replaced(db: Db, imatId: number): Promise<Replaced | null> {
  const [row] = await db.query<{
    place: Place;
    original: Place;
    replacement: (Place & { oid: number }) | null;
  }>(
    `SELECT json_build_object('schema', i.original_schema, 'name', i.original_name) AS place,
       json_build_object(
         'schema', (SELECT n.nspname FROM pg_namespace n WHERE n.oid = o.relnamespace),
         'name', o.relname
       ) AS original,
       CASE WHEN r.oid IS NOT NULL THEN json_build_object(
         'schema', (SELECT n.nspname FROM pg_namespace n WHERE n.oid = r.relnamespace),
         'name', r.relname,
         'oid', r.oid::bigint
       ) END AS replacement
     FROM imat_catalog.imat i
       JOIN pg_class o ON o.oid = i.original
       LEFT JOIN pg_class r ON r.oid = i.replacement
     WHERE i.id = $1 AND i.original_name IS NOT NULL`,
    [imatId],
  );
  return row ?? null;
}

async function move(db: Db, kind: Sql, from: Place, to: Place): Promise<void> {
  if (from.schema !== to.schema)
    await db.execute(
      sql`ALTER ${kind} ${qualified(from.schema, from.name)} SET SCHEMA ${ident(to.schema)}`.text,
    );
  if (from.name !== to.name)
    await db.execute(
      sql`ALTER ${kind} ${qualified(to.schema, from.name)} RENAME TO ${ident(to.name)}`.text,
    );
}

type ViewBody = {
  readonly oid: number;
  readonly name: string;
  readonly definition: string;
  readonly options: string;
};

async function viewBodies(db: Db, oid: number): Promise<ViewBody[]> {
  const views = await viewDependents(db, oid);
  const bodies: ViewBody[] = [];
  for (const view of views.filter((one) => one.isView)) {
    const [row] = await db.query<{ definition: string; options: string | null }>(
      `SELECT pg_get_viewdef(c.oid) AS definition, array_to_string(c.reloptions, ', ') AS options
       FROM pg_class c
       WHERE c.oid = $1`,
      [view.oid],
    );
    if (row !== undefined)
      bodies.push({
        oid: view.oid,
        name: view.name,
        definition: row.definition,
        options: row.options === null || row.options === '' ? '' : ` WITH (${row.options})`,
      });
  }
  return bodies;
}

/**
 * The texts name the replaced relation, so that creating the views again points them to what has
 * the name now. Imats whose definitions have these texts go on: in them, the query of the
 * materialized view stood in its place before, and does so now.
 */
async function pointViews(db: Db, views: readonly ViewBody[]): Promise<void> {
  const [session] = await db.query<{ former: string }>(
    `SELECT coalesce(current_setting('imat.maintaining', true), '') AS former`,
  );
  for (const { oid, name, options, definition } of views) {
    const [whole] = await db.query<{ imats: readonly number[] }>(
      `SELECT coalesce(json_agg(f.imat_id), '[]') AS imats FROM imat_catalog.fact f
       WHERE f.class = 'pg_class'::regclass AND f.object = $1 AND f.facts ? 'inlined'
         AND f.facts = imat_catalog.read_facts(f.imat_id, f.class, f.object)`,
      [oid],
    );
    // The event triggers would find a view that was replaced.
    db.defer('SET LOCAL imat.maintaining = on');
    db.defer(`CREATE OR REPLACE VIEW ${name}${options} AS ${definition}`);
    await db.query(
      `UPDATE imat_catalog.fact f
       SET version = imat_catalog.fact_version(f.class, f.object),
         facts = imat_catalog.read_facts(f.imat_id, f.class, f.object)
           || jsonb_build_object('query', imat_catalog.view_query(f.object))
       WHERE f.class = 'pg_class'::regclass AND f.object = $1 AND f.imat_id = ANY ($2::int[])`,
      [oid, `{${(whole?.imats ?? []).join(',')}}`],
    );
    await db.query(`SELECT set_config('imat.maintaining', $1, true)`, [session?.former ?? '']);
    await db.query(
      `SELECT imat_catalog.break_differing(
         ARRAY(SELECT f.imat_id FROM imat_catalog.fact f WHERE f.object = $1), true)`,
      [oid],
    );
  }
}
