/** Revert: the imat and all it installed are gone, the original is as before. */
import { ImatError } from '../errors/imat-error.ts';
import type { ConvertOptions, RevertResult } from '../api.ts';
import {
  LOCK_CLASS,
  requireCatalog,
  removeUnusedCatalog,
  restoreSchemas,
  sharesCatalog,
} from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import type { ImatNames, StoreName, StoreNames } from '../sql/names.ts';
import { imatNames, STORE_SCHEMA, storeNames } from '../sql/names.ts';
import { MAX_STORES } from '../analysis/stores.ts';
import { shrinkCapture } from '../capture/shrink.ts';
import { dropLeftCapture, dropLostCapture, dropUnusedCapture } from '../capture/release.ts';
import { toImatError } from '../db/server-errors.ts';
import { withShortLock } from '../db/short-lock.ts';
import { shellWord } from '../errors/shell-word.ts';
import { resolveImat } from '../server/names.ts';
import { restoreOriginal, viewDependents } from './replace.ts';

/** @throws ImatError `not_initialized`, `not_found`, `has_dependents` */
export async function revert(
  db: Db,
  name: string,
  { onProgress }: Pick<ConvertOptions, 'onProgress'>,
): Promise<RevertResult> {
  await requireCatalog(db);
  // Whoever has dropped a part of it removes the rest by this.
  await restoreSchemas(db);
  const imat = await resolveImat(db, name);
  const [row] = await db.query<{ original: string | null }>(REVERTED_SQL, [imat.id]);
  await revertImat(db, imat.id, (label) => onProgress?.({ step: 1, steps: 1, label })).catch(
    async (error: unknown) => Promise.reject(await toldUnfinished(db, imat, toImatError(error))),
  );
  return { name: imat.name, original: row?.original ?? null };
}

/** The same error, with what is left to do where writers let no gap for the triggers to go. */
async function toldUnfinished(
  db: Db,
  { id, name }: { readonly id: number; readonly name: string },
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof ImatError) || error.condition !== 'contention') return error;
  const [row] = await db.query<{ state: State }>(
    'SELECT state FROM imat_catalog.imat WHERE id = $1',
    [id],
  );
  if (row?.state !== 'reverting') return error;
  return new ImatError('contention', {
    message: error.message,
    detail: error.detail ?? undefined,
    hint:
      `${imatNames(name).view.text} is gone, but not all triggers and logs are: run ` +
      `imat revert ${shellWord(name)} again when that transaction has ended.`,
    cause: error.cause,
  });
}

/** The name that the materialized view has when the imat is gone; null where it is gone itself. */
const REVERTED_SQL = `
SELECT coalesce(
  quote_ident(i.original_schema) || '.' || quote_ident(i.original_name), c.oid::regclass::text
) AS original
FROM imat_catalog.imat i JOIN pg_class c ON c.oid = i.original WHERE i.id = $1`;

type State = 'installing' | 'active' | 'reverting';

/** `replacement` gives its place back; null where the original is gone, so that it cannot. */
type ImatRow = {
  viewName: string | null;
  name: string;
  state: State;
  view: number | null;
  replacement: number | null;
  sources: string | null;
};

/**
 * Also for an imat whose install or revert was interrupted: what is not there is not dropped. The
 * imat's row goes last, so that whoever may do what is left can take up what another role could not
 * finish.
 * @throws ImatError `has_dependents`
 */
export const revertImat = (db: Db, id: number, onWait: (what: string) => void): Promise<void> =>
  remove(db, id, ['installing', 'active', 'reverting'], onWait);

/**
 * What an interrupted install or revert has left.
 * @throws ImatError `contention` if another session has made the imat whole meanwhile
 */
export const revertUnfinished = (
  db: Db,
  id: number,
  onWait: (what: string) => void,
): Promise<void> => remove(db, id, ['installing', 'reverting'], onWait);

async function remove(
  db: Db,
  id: number,
  states: readonly State[],
  onWait: (what: string) => void,
): Promise<void> {
  await revertBuilt(db, id, onWait);
  const sources = await withShortLock(
    db,
    () => dropImat(db, id, states),
    () => onWait('waiting for readers'),
  );
  await releaseCapture(db, sources, () => onWait('waiting for writers'));
  // A build may have been registered before the imat was marked as one that is reverted.
  while (!(await deleteRow(db, id))) await revertBuilt(db, id, onWait);
  await db.transaction('read committed', () => removeUnusedCatalog(db));
}

const builtBeside = (db: Db, id: number): Promise<{ id: number }[]> =>
  db.query<{ id: number }>('SELECT id FROM imat_catalog.imat WHERE builds = $1', [id]);

async function revertBuilt(db: Db, id: number, onWait: (what: string) => void): Promise<void> {
  for (const one of await builtBeside(db, id)) await revertImat(db, one.id, onWait);
}

/** False if something is built beside the imat: its objects would stay behind without a row. */
async function deleteRow(db: Db, id: number): Promise<boolean> {
  return db.transaction('read committed', async () => {
    if (!(await sharesCatalog(db))) return true;
    await db.query('SELECT FROM imat_catalog.imat WHERE id = $1 FOR UPDATE', [id]);
    if ((await builtBeside(db, id)).length > 0) return false;
    await db.query('DELETE FROM imat_catalog.imat WHERE id = $1', [id]);
    return true;
  });
}

/**
 * Takes away what no imat needs any more of the capture on these sources, and on those that an
 * interrupted command has left captured.
 */
export async function releaseCapture(
  db: Db,
  sources: readonly number[],
  onWait: () => void,
): Promise<void> {
  for (const oid of sources) await dropUnusedCapture(db, oid, onWait);
  await dropLeftCapture(db);
  for (const oid of sources) await shrinkCapture(db, oid);
  await dropLostCapture(db, onWait);
}

/** Everything but capture; gives the sources. */
async function dropImat(db: Db, id: number, states: readonly State[]): Promise<number[]> {
  if (!(await sharesCatalog(db))) return [];
  // An install under way holds the one, a fold or swap the other.
  db.defer(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${id})`);
  await db.query('SELECT FROM imat_catalog.imat WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const [imat] = await db.query<ImatRow>(
    `SELECT i.name, i.state, c.oid AS view,
       c.oid::regclass::text AS "viewName",
       (SELECT i.replacement::oid FROM pg_class o WHERE o.oid = i.original) AS replacement,
       (
         SELECT string_agg(z.relation::oid::text, ',')
         FROM imat_catalog.imat_source z
         WHERE z.imat_id = i.id
       ) AS sources
     FROM imat_catalog.imat i LEFT JOIN pg_class c ON c.oid = i.relation WHERE i.id = $1`,
    [id],
  );
  if (imat === undefined) return [];
  if (!states.includes(imat.state))
    throw new ImatError('contention', {
      message: `imat "${imat.name}" was installed by another session`,
      hint: 'Try again.',
    });
  if (imat.state !== 'reverting') await dropObjects(db, id, imat);
  return (imat.sources ?? '')
    .split(',')
    .filter((oid) => oid !== '')
    .map(Number)
    .sort((a, b) => a - b);
}

async function dropObjects(db: Db, id: number, imat: ImatRow): Promise<void> {
  if (imat.view !== null) await checkNoDependents(db, imat.name, imat.view, imat.replacement);
  const names = imatNames(imat.name);
  await restoreOriginal(db, id);
  // The view first, by whatever name it has now: its body names the stored tables.
  if (imat.viewName !== null) await db.execute(`DROP VIEW ${imat.viewName}`);
  await dropStored(db, names);
  await db.query('DELETE FROM imat_catalog.frontier WHERE imat_id = $1', [id]);
  await db.query(`UPDATE imat_catalog.imat SET state = 'reverting' WHERE id = $1`, [id]);
}

/** What an imat has in imat_store. */
export async function dropStored(db: Db, names: ImatNames): Promise<void> {
  const stores = [names, ...(await numberedStores(db, names.base))];
  dropViews(
    db,
    stores.map(({ live }) => live),
  );
  for (const store of stores) dropStore(db, store);
  const states = stores.map(({ state }) => state);
  const tables = [...states, ...names.slots, names.labels].map(({ sql }) => sql.text);
  db.defer(`DROP TABLE IF EXISTS ${tables.join(', ')}`);
  dropViews(db, [names.definition, names.elapsed]);
}

const dropViews = (db: Db, views: readonly StoreName[]): void =>
  db.defer(`DROP VIEW IF EXISTS ${views.map(({ sql }) => sql.text).join(', ')}`);

/**
 * The stores with numbers of which anything is there, in the order in which they can be dropped:
 * first rows that read what others hold; all others have numbers before those that they read.
 */
async function numberedStores(db: Db, base: string): Promise<readonly StoreNames[]> {
  const rows = await db.query<{ name: string }>(NAMES_SQL, [STORE_SCHEMA]);
  const found = new Set(rows.map(({ name }) => name));
  const stores = Array.from({ length: MAX_STORES }, (_, index) => storeNames(base, index + 1));
  const there = stores.filter((store) =>
    Object.values(store)
      .flat()
      .some(({ name }) => found.has(name)),
  );
  const [readers, others] = [true, false].map((reads) =>
    there.filter(({ recomputed }) => found.has(recomputed.name) === reads),
  );
  return [...(readers ?? []), ...(others ?? [])];
}

const NAMES_SQL = `
SELECT relname::text AS name FROM pg_class WHERE relnamespace = to_regnamespace($1)
UNION ALL
SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace($1)`;

/** All of a store but its table, which views of other stores name. */
function dropStore(db: Db, names: StoreNames): void {
  db.defer(`DROP FUNCTION IF EXISTS ${names.fold.sql.text}(boolean)`);
  db.defer(`DROP FUNCTION IF EXISTS ${names.refold.sql.text}`);
  dropViews(db, [names.now, names.kept]);
  // The functions are read by the first; what is merged reads the others.
  dropViews(db, [names.current]);
  db.defer(`DROP FUNCTION IF EXISTS ${names.merged.sql.text}(uuid)`);
  dropViews(db, [names.merge]);
  db.defer(`DROP FUNCTION IF EXISTS ${names.recomputed.sql.text}`);
  dropViews(db, [names.rowsNow, names.rowsNull, names.contentKept]);
  dropViews(db, [names.touched, names.touchedMet]);
  // They give rows of the content, of the answer and of what is pending.
  for (const { sql } of [names.computed, names.answered, names.changes])
    db.defer(`DROP FUNCTION IF EXISTS ${sql.text}(uuid)`);
  db.defer(`DROP FUNCTION IF EXISTS ${names.derived.sql.text}`);
  dropViews(db, [names.pending, ...names.parts, names.delta, names.netted]);
  dropViews(db, [names.content, names.answer, names.regrouped]);
}

async function checkNoDependents(
  db: Db,
  name: string,
  view: number,
  replacement: number | null,
): Promise<void> {
  const dependents = (await viewDependents(db, view)).filter(
    (dependent) => dependent.oid !== replacement,
  );
  if (dependents.length === 0) return;
  throw new ImatError('has_dependents', {
    message: `imat "${name}" cannot be reverted, because other objects depend on it`,
    detail:
      `${dependents.map((dependent) => dependent.name).join(', ')} ` +
      `read${dependents.length === 1 ? 's' : ''} imat.${name}.`,
    hint: 'Drop or change these first; an imat among them can be reverted.',
  });
}
