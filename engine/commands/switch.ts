/**
 * Puts what was built beside an imat in its place. The view keeps its OID, so that grants and what
 * depends on it stay; if it is gone, it is created again with the grants that are recorded.
 *
 * A transaction that took its snapshot before and reads the view afterwards gets an error: the
 * frontier that it sees is that of the table which is dropped here.
 */
import { planOf } from '../analysis/prepare.ts';
import { makeStorePrivate } from '../catalog/private.ts';
import { LOCK_CLASS } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { shellWord } from '../errors/shell-word.ts';
import { ImatError } from '../errors/imat-error.ts';
import { answeredFunction } from '../generate/answer.ts';
import { computedFunction } from '../generate/anew.ts';
import { changesFunction } from '../generate/change-parts.ts';
import { mergedFunction } from '../generate/merged-rows.ts';
import { recomputedFunction } from '../generate/rows-over-groups.ts';
import { readersOptions } from '../generate/live-view.ts';
import { describedView, foldScript, viewBody } from '../generate/script.ts';
import type { Statement } from '../generate/statement.ts';
import type { Subject } from '../generate/subject.ts';
import type { StoreOf } from '../generate/stores.ts';
import { storesOf } from '../generate/stores.ts';
import { imatNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, qualified, sql } from '../sql/sql.ts';
import { type Build, revertedElsewhere, type Target } from './build-target.ts';
import { commentsOf, noteGrants, ownersBut } from './carried-attributes.ts';
import { checkSame, noteStored, run } from './load.ts';
import { noteObjects } from './note-objects.ts';
import { renameStored } from './rename-stored.ts';
import { createReplacement, viewDependents } from './replace.ts';
import { dropStored } from './revert.ts';

type ViewRow = {
  readonly view: number | null;
  readonly viewName: string | null;
  readonly replacement: number | null;
  readonly place: { readonly schema: string; readonly name: string } | null;
  readonly grants: readonly Grant[];
  readonly sources: readonly number[];
};

/** As the catalog's function `grants_on` gives it: quoted, with the columns in parentheses. */
type Grant = { readonly grantee: string; readonly columns: string; readonly option: boolean };

const VIEW_SQL = `
SELECT v.oid AS view, v.oid::regclass::text AS "viewName", r.oid AS replacement,
  CASE WHEN i.original_name IS NOT NULL
    THEN json_build_object('schema', i.original_schema, 'name', i.original_name) END AS place,
  CASE WHEN v.oid IS NULL THEN i.grants ELSE imat_catalog.grants_on(v.oid) END AS grants,
  (SELECT coalesce(json_agg(DISTINCT c.oid::bigint ORDER BY c.oid::bigint), '[]')
   FROM imat_catalog.imat_source z JOIN pg_class c ON c.oid = z.relation
   WHERE z.imat_id IN (i.id, $2)) AS sources
FROM imat_catalog.imat i LEFT JOIN pg_class v ON v.oid = i.relation
  LEFT JOIN pg_class r ON r.oid = i.replacement
WHERE i.id = $1`;

/** Inside a transaction with short locks. Gives the sources before and after. */
export async function switchTo(db: Db, build: Build): Promise<readonly number[]> {
  const { id, target, prepared, subject } = build;
  db.defer(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${target.id})`);
  db.defer('SET LOCAL imat.maintaining = on');
  await checkUnchanged(db, build);
  const [found] = await db.query<ViewRow>(VIEW_SQL, [target.id, id]);
  if (found === undefined) throw revertedElsewhere(target.name);
  await checkReaders(db, build);
  const view = await publish(db, build, found);
  // Others that were registered since: whoever comes later waits for the view. Twice, because a
  // load that ends while it is asked holds its lock no longer, and is not active in that snapshot.
  for (let question = 1; question <= 2; question++) await checkReaders(db, build);
  const names = imatNames(target.name);
  await dropStored(db, names);
  const plan = planOf(prepared);
  await renameStored(db, subject.names, names, plan);
  const final = { ...subject, names };
  if (plan !== null)
    await run(db, [...foldScript(final, plan), ...storesOf(final, plan).flatMap(functionsOf)]);
  await moveRows(db, build, final, view);
  await checkSame(db, target.id);
  await makeStorePrivate(db);
  await restoreReplacement(db, build, found);
  return found.sources;
}

/** The functions of a store whose bodies name others, besides its fold. */
const functionsOf = ({ subject, plan, isBelow, isReadByRows }: StoreOf): readonly Statement[] => [
  ...computedFunction(subject),
  ...(plan.rule === 'regroup' ? recomputedFunction(subject, plan) : answeredFunction(subject)),
  ...(plan.rule === 'add' && (!isBelow || isReadByRows)
    ? [...changesFunction(subject, plan), ...mergedFunction(subject, plan)]
    : []),
];

/**
 * Locks the rows of the imat and of what was built. What was built answers the imat as it was when
 * the build began, and is whole only if nothing has marked it as broken since it was loaded.
 */
async function checkUnchanged(db: Db, { id, target }: Build): Promise<void> {
  const [row] = await db.query<Pick<Target, 'state' | 'freshness' | 'strategy' | 'definition'>>(
    `SELECT state, freshness, strategy, definition FROM imat_catalog.imat
     WHERE id = $1 FOR NO KEY UPDATE`,
    [target.id],
  );
  if (row === undefined || row.state === 'reverting') throw revertedElsewhere(target.name);
  const [built] = await db.query<{ broken: string | null }>(
    'SELECT broken FROM imat_catalog.imat WHERE id = $1 FOR NO KEY UPDATE',
    [id],
  );
  const isSame =
    row.freshness === target.freshness &&
    row.strategy === target.strategy &&
    row.definition === target.definition;
  if (isSame && built?.broken === null) return;
  throw new ImatError('contention', {
    message: isSame
      ? `imat "${target.name}" broke while it was built anew: ${built?.broken ?? ''}`
      : `imat "${target.name}" was changed by another session while it was built anew`,
    hint: 'Try again.',
  });
}

/** The name of the view, which may be another than at the conversion. */
async function publish(db: Db, build: Build, found: ViewRow): Promise<Sql> {
  const { prepared, subject, target } = build;
  const plan = planOf(prepared);
  const body = viewBody(subject, plan);
  const options = readersOptions(plan);
  if (found.viewName === null) {
    const name = subject.names.view;
    await db.execute(sql`CREATE VIEW ${name}${options} AS\n${body}`.text);
    await carryRights(db, name, found.grants);
    await run(db, [describedView(name)]);
    await carryComments(db, target.original, name);
    return name;
  }
  const name = fragment(found.viewName);
  const replaced = sql`CREATE OR REPLACE VIEW ${name}${options} AS\n${body}`;
  if (await fits(db, replaced)) return name;
  await checkNoDependents(db, target.name, found);
  const comments = await commentsOf(db, found.view ?? 0, name);
  await db.execute(
    sql`DROP VIEW ${name};
CREATE VIEW ${name}${options} AS\n${body}`.text,
  );
  await carryRights(db, name, found.grants);
  await run(
    db,
    comments.filter((comment) => comment.sql.text.startsWith('COMMENT ON VIEW')),
  );
  return name;
}

const INVALID_TABLE_DEFINITION = '42P16';

/** False if the view has columns now that CREATE OR REPLACE VIEW cannot give it. */
async function fits(db: Db, statement: Sql): Promise<boolean> {
  db.defer('SAVEPOINT imat_view');
  try {
    await db.execute(statement.text);
    return true;
  } catch (error) {
    if (!(error instanceof ServerError) || error.sqlstate !== INVALID_TABLE_DEFINITION) throw error;
    db.defer('ROLLBACK TO SAVEPOINT imat_view');
    return false;
  }
}

async function checkNoDependents(
  db: Db,
  name: string,
  { view, replacement }: ViewRow,
): Promise<void> {
  const dependents = await viewDependents(db, view ?? 0);
  if (dependents.length === 0) return;
  const own = dependents.some((dependent) => dependent.oid === replacement);
  throw new ImatError('has_dependents', {
    message: `imat.${name} would have other columns, and other objects depend on it`,
    detail:
      `${dependents.map((dependent) => dependent.name).join(', ')} ` +
      `read${dependents.length === 1 ? 's' : ''} it. ` +
      'Columns keep their names, types and order; new ones come last.',
    hint: own
      ? `Keep the columns; or run imat revert ${shellWord(name)}, change the materialized view, ` +
        'and convert it again.'
      : 'Keep the columns, or drop these objects first and create them again.',
  });
}

async function carryRights(db: Db, view: Sql, grants: readonly Grant[]): Promise<void> {
  for (const { grantee, columns, option } of grants) {
    const [known] = await db.query(
      `SELECT FROM pg_roles WHERE quote_ident(rolname) = $1 OR $1 = 'PUBLIC'`,
      [grantee],
    );
    const withOption = option ? ' WITH GRANT OPTION' : '';
    if (known !== undefined)
      await db.execute(`GRANT SELECT ${columns} ON ${view.text} TO ${grantee}${withOption}`);
  }
}

async function carryComments(db: Db, original: number | null, view: Sql): Promise<void> {
  if (original === null) return;
  for (const owner of await ownersBut(db, original))
    await db.execute(sql`GRANT SELECT ON ${view} TO ${owner}`.text);
  await run(db, await commentsOf(db, original, view));
}

/** The imat's row takes over everything, and keeps its id. */
async function moveRows(
  db: Db,
  { id, target, prepared }: Build,
  final: Subject,
  view: Sql,
): Promise<void> {
  await db.query('DELETE FROM imat_catalog.frontier WHERE imat_id = $1', [target.id]);
  await db.query(
    `INSERT INTO imat_catalog.frontier (imat_id, state_relation, snapshot, moment)
     SELECT $1, f.state_relation, f.snapshot, f.moment
     FROM imat_catalog.frontier f WHERE f.imat_id = $2`,
    [target.id, id],
  );
  for (const table of ['imat_source', 'fact', 'name_use']) {
    await db.query(`DELETE FROM imat_catalog.${table} WHERE imat_id = $1`, [target.id]);
    await db.query(`UPDATE imat_catalog.${table} SET imat_id = $1 WHERE imat_id = $2`, [
      target.id,
      id,
    ]);
  }
  await db.query(
    `UPDATE imat_catalog.imat i SET state = 'active', strategy = b.strategy,
       definition = b.definition, watchable = b.watchable, reasons = b.reasons, notes = b.notes,
       completed = b.completed,
       untrusted = b.untrusted, dependence = b.dependence, facts_cluster = b.facts_cluster,
       broken = NULL, broken_at = NULL, swap = NULL, swap_phase = NULL, swap_bytes = NULL,
       swap_waits_for = NULL, stored_text = NULL, fold_function = NULL, labels_text = NULL,
       elapsed_text = NULL, further_stores = '{}', over_rows = '{}',
       definition_view_text = $3, relation_text = $4
     FROM imat_catalog.imat b WHERE i.id = $1 AND b.id = $2`,
    [target.id, id, final.names.definition.sql.text, view.text],
  );
  await noteStored(db, target.id, final, planOf(prepared));
  await noteObjects(db, target.id, final, planOf(prepared));
  await db.query('DELETE FROM imat_catalog.imat WHERE id = $1', [id]);
}

/** An imat that reads this one must notice all that changes it. */
async function checkReaders(db: Db, { id, target }: Build): Promise<void> {
  const readers = await db.query<{ name: string; source: string }>(
    `SELECT DISTINCT o.name, n.relation::text AS source
     FROM imat_catalog.reading r JOIN imat_catalog.imat o ON o.id = r.imat_id
       LEFT JOIN imat_catalog.frontier f ON f.imat_id = o.id AND f.here
       JOIN imat_catalog.imat_source n ON n.imat_id = $2
     WHERE r.reads_imat = $1
       AND (o.state = 'active' AND o.broken IS NULL AND f.imat_id IS NOT NULL
         OR o.state = 'installing' AND imat_catalog.is_built(o.id))
       AND NOT EXISTS (SELECT FROM imat_catalog.imat_source z
       WHERE z.imat_id = o.id AND z.relation = n.relation) ORDER BY 1, 2`,
    [target.id, id],
  );
  const [built] = await db.query<{ follows: boolean }>(
    'SELECT follows_tables AS follows FROM imat_catalog.imat WHERE id = $1',
    [id],
  );
  const blind = built?.follows === false && target.freshness === 'live';
  const [reader] = blind
    ? await db.query<{ name: string; source: string }>(
        `SELECT o.name, '' AS source FROM imat_catalog.reading r
           JOIN imat_catalog.imat o ON o.id = r.imat_id AND o.watchable
         WHERE r.reads_imat = $1 LIMIT 1`,
        [target.id],
      )
    : readers;
  if (reader === undefined) return;
  throw new ImatError('has_dependents', {
    message:
      `imat "${reader.name}" reads imat "${target.name}", ` +
      'and would not notice all changes of it',
    detail: blind
      ? 'Changes of the new definition cannot be captured.'
      : `It does not capture changes of ${reader.source}.`,
    hint: `Run imat revert ${shellWord(reader.name)} first, and convert it again afterwards.`,
  });
}

/**
 * With `--replace`: the view in the materialized view's place, with all columns. Where that has
 * gone as well, whoever may read the imat may read the view. Without its schema there is no place.
 */
async function restoreReplacement(
  db: Db,
  { target }: Build,
  { replacement, place, grants }: ViewRow,
): Promise<void> {
  if (place === null) return;
  const relation = qualified(place.schema, place.name);
  const taken = await db.query(
    `SELECT FROM (SELECT) one
     WHERE to_regclass($1) IS NOT NULL OR to_regnamespace(quote_ident($2)) IS NULL`,
    [relation.text, place.schema],
  );
  if (replacement !== null) {
    const [view] = await db.query<{ name: string; fewer: boolean }>(
      `SELECT $1::oid::regclass::text AS name, count(*) FILTER (WHERE a.attrelid = $1)
         < count(*) FILTER (WHERE a.attrelid <> $1) AS fewer
       FROM pg_attribute a
       WHERE a.attnum > 0
         AND a.attrelid IN ($1, (SELECT i.relation FROM imat_catalog.imat i WHERE i.id = $2))`,
      [replacement, target.id],
    );
    if (view?.fewer === true)
      await db.execute(
        sql`CREATE OR REPLACE VIEW ${fragment(view.name)} AS
            SELECT * FROM ${imatNames(target.name).view}`.text,
      );
    return;
  }
  if (taken.length > 0) return;
  await createReplacement(db, target.name, target.original, relation);
  if (target.original === null) await carryRights(db, relation, grants);
  await db.query('UPDATE imat_catalog.imat SET replacement_text = $2 WHERE id = $1', [
    target.id,
    relation.text,
  ]);
  await noteGrants(db, target.id);
}
