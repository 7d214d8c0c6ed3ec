/**
 * Convert: from a materialized view (or a query) to an imat.
 *
 *   analyse    nothing is changed
 *   register   one transaction: the imat's row, its sources, the definition view
 *   capture    one short transaction per source: log and triggers
 *   load       one REPEATABLE READ transaction: state, frontier, view, grants
 *   replace    with --replace: one short transaction
 *
 * A failure undoes what is there; a crash leaves an imat in the state `installing`, which the next
 * convert of that name and `imat revert` remove, and which `imat doctor` names.
 */
import { quoteIdent, quoteQualified } from '../../parser/quote.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { alreadyCompleted, capturedSources, isConstant, prepare } from '../analysis/prepare.ts';
import { hasDefinition } from '../analysis/same-definition.ts';
import type { ConvertOptions, ConvertResult, Reason } from '../api.ts';
import { ensureCapture } from '../capture/install.ts';
import { renewOutdated } from '../capture/renew.ts';
import { trackSource } from '../capture/tracking.ts';
import { LOCK_CLASS, catalogVersion, initialize, removeUnusedCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { definitionFailure } from '../db/server-errors.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { NamedView } from '../server/names.ts';
import { resolveConverted, resolveMaterializedView } from '../server/names.ts';
import { blameNamed } from '../server/named.ts';
import { imatNames } from '../sql/names.ts';
import type { Installed } from './change-freshness.ts';
import { changeFreshness, sameImat } from './change-freshness.ts';
import { withIndexNotes } from './carried-indexes.ts';
import { gatherStatistics, withStatisticsNotes } from './gather-statistics.ts';
import { withIndexAdvice } from './index-advice.ts';
import { checkSame, load } from './load.ts';
import type { Request } from './register.ts';
import { checkFree, checkName, checkOwner, register } from './register.ts';
import { withCost } from './rebuild-cost.ts';
import { checkReplaceable, replaceOriginal, stackedOn } from './replace.ts';
import { sameSettings, underSettings } from './session-settings.ts';
import { revertImat, revertUnfinished } from './revert.ts';
import { outlastChanges } from './under-change.ts';

export async function convertView(
  db: Db,
  serverMajor: number,
  view: string,
  options: ConvertOptions,
): Promise<ConvertResult> {
  const named = await db.transaction('read committed', () => namedView(db, view, options));
  const above = await convertAbove(db, serverMajor, named.above, options);
  const calledAs = [
    view,
    named.name,
    `${named.schema}.${named.name}`,
    quoteQualified(named.schema, named.name),
    quoteIdent(named.name),
  ];
  const request: Request = {
    ...options,
    name: options.name ?? named.imat,
    original: named.oid,
    calledAs,
  };
  const result = await convertUnderSettings(db, serverMajor, request, async () => named.oid);
  return { ...result, notes: [...result.notes, ...above] };
}

type Named = NamedView & { readonly imat: string; readonly above: readonly string[] };

/**
 * The materialized view to convert. An imat that is there can be named by its own view, too, and by
 * the view in the materialized view's place, which has its name.
 */
async function namedView(db: Db, view: string, options: ConvertOptions): Promise<Named> {
  const known = await resolveConverted(db, view);
  const isKnown = known !== null && (options.name ?? known.imat) === known.imat;
  const found = isKnown ? known.view : await resolveMaterializedView(db, view);
  const named = { ...found, imat: isKnown ? known.imat : found.name, above: [] };
  if (options.replace !== true) return named;
  await checkReplaceable(db, found);
  return { ...named, above: await stackedOn(db, found.oid) };
}

/** An imat that is there keeps the settings that it was converted under. */
export async function convertUnderSettings(
  db: Db,
  serverMajor: number,
  request: Request,
  viewOid: () => Promise<number>,
): Promise<ConvertResult> {
  const hasCatalog = (await catalogVersion(db)) > 0;
  const known = hasCatalog ? await sameImat(db, request.name, request.original) : null;
  const settings = sameSettings(request.name, known?.settings ?? {}, request.settings);
  return underSettings(db, settings, () => convert(db, serverMajor, request, viewOid));
}

/**
 * The materialized views that read one which is replaced: they would go on reading what it holds.
 * They are converted and replaced first, and say what they read instead.
 */
async function convertAbove(
  db: Db,
  serverMajor: number,
  views: readonly string[],
  options: ConvertOptions,
): Promise<string[]> {
  const notes: string[] = [];
  const { name: _name, strategy: _strategy, ...others } = options;
  for (const view of views) {
    const { strategy, notes: own } = await convertView(db, serverMajor, view, others);
    notes.push(
      `materialized view ${view}, which reads it, is converted (${strategy}) and replaced first`,
      ...own.filter((note) => note !== REPLACE_NOTE),
    );
  }
  return notes;
}

async function convert(
  db: Db,
  serverMajor: number,
  request: Request,
  viewOid: () => Promise<number>,
): Promise<ConvertResult> {
  const progress: ReportStep = (step, label) => request.onProgress?.({ step, steps: 4, label });
  checkName(request.name);
  progress(1, 'reading the definition');
  const analyse = async (): Promise<Prepared> =>
    withNotes(db, request, await prepare(db, await viewOid(), serverMajor, request));
  const analysed = async (): Promise<Prepared> => {
    const prepared = await withShortLock(
      db,
      () => rolledBack(db, analyse),
      () => progress(1, 'reading the definition: waiting for changes of its sources'),
    );
    if (request.original !== null) await checkOwner(db, request.original, prepared);
    return prepared;
  };
  const first = await analysed();
  const hasCatalog = (await catalogVersion(db)) > 0;
  if (hasCatalog && request.dryRun !== true) await initialize(db, false);
  const known = hasCatalog ? await sameImat(db, request.name, request.original) : null;
  if (known !== null && (wantsFreshness(known, request) || wantsPlace(known, request))) {
    const own = await ofInstalled(db, serverMajor, known, request, first);
    if (own?.strategy === known.strategy) return changeInPlace(db, known, request, own, progress);
  }
  const interrupted = await checkFree(db, request);
  const isSwap = request.strategy === 'swap';
  if (request.dryRun === true)
    return resultOf(request, isSwap ? first : await withStatisticsNotes(db, first));
  if (interrupted !== null)
    await revertUnfinished(db, interrupted, (what) =>
      progress(2, `removing what an interrupted convert left: ${what}`),
    );
  await initialize(db, false);
  const prepared = isSwap
    ? first
    : await gatherStatistics(db, first, analysed).catch((error: unknown) => unused(db, error));
  try {
    const loadMs = await registerAndInstall(db, request, prepared, progress);
    return withCost(resultOf(request, prepared), loadMs, isConstant(prepared));
  } catch (error) {
    if (prepared.strategy !== 'delta' || request.strategy === 'delta' || !isKeyTooLong(error))
      throw error;
    const asSwap: Request = { ...request, strategy: 'swap', against: [KEY_TOO_LONG] };
    return await convert(db, serverMajor, asSwap, viewOid);
  }
}

/**
 * Undoes what it has begun if it fails. A cancel has nothing left to stop then. Returns the
 * milliseconds of the load, as `install` does.
 */
async function registerAndInstall(
  db: Db,
  request: Request,
  prepared: Prepared,
  progress: ReportStep,
): Promise<number> {
  const id = await register(db, request, prepared)
    .catch((error: unknown) => unused(db, error))
    .catch(async (error: unknown) => Promise.reject(await blameNamed(db, prepared.named, error)));
  try {
    return await install(db, id, request, prepared, progress);
  } catch (error) {
    db.forgetCancel();
    await revertImat(db, id, () => undefined).catch(() => undefined);
    throw await blameNamed(db, prepared.named, error);
  } finally {
    await db.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, id]).catch(() => undefined);
  }
}

/** The same error, without the catalog if it was made for this convert alone. */
async function unused(db: Db, error: unknown): Promise<never> {
  db.forgetCancel();
  await db.transaction('read committed', () => removeUnusedCatalog(db)).catch(() => undefined);
  throw error;
}

type ReportStep = (step: number, label: string) => void;

function resultOf(
  request: Request,
  { strategy, freshness, analysis, notes }: Prepared,
): ConvertResult {
  const reasons = strategy === 'delta' ? [] : [...analysis.reasons, ...(request.against ?? [])];
  return {
    name: request.name,
    relation: imatNames(request.name).view.text,
    strategy,
    freshness,
    reasons,
    notes: request.replace === true ? [...notes, REPLACE_NOTE] : notes,
    dryRun: request.dryRun === true,
    loadMs: null,
    proposedFreshness: null,
  };
}

const isAnyStrategy = ({ strategy = 'auto' }: Request): boolean => strategy === 'auto';

/** The definition of the imat that is there; null if it is gone, or that of a query is another. */
async function ofInstalled(
  db: Db,
  serverMajor: number,
  known: Installed,
  request: Request,
  prepared: Prepared,
): Promise<Prepared | null> {
  if (request.original === null && !(await isSameQuery(db, known, prepared))) return null;
  return prepareInstalled(db, serverMajor, known, request);
}

const isSameQuery = async (
  db: Db,
  { definitionView }: Installed,
  { analysis }: Prepared,
): Promise<boolean> =>
  definitionView !== null && withShortLock(db, () => hasDefinition(db, definitionView, analysis));

/**
 * By the definition that the imat has: `imat alter` may have given it another one than that of the
 * materialized view. Null if that is gone.
 */
async function prepareInstalled(
  db: Db,
  serverMajor: number,
  { definitionView, completed, strategy, freshness }: Installed,
  request: Request,
): Promise<Prepared | null> {
  if (definitionView === null) return null;
  const sameStrategy = strategy === 'swap' ? 'swap' : 'auto';
  const options = {
    freshness: request.freshness ?? freshness,
    // An imat keeps the strategy that it was given, unless another one is asked for.
    strategy: isAnyStrategy(request) ? sameStrategy : (request.strategy ?? 'auto'),
  } as const;
  const analyse = async (): Promise<Prepared> =>
    withNotes(db, request, await prepare(db, definitionView, serverMajor, options));
  const prepared = await withShortLock(db, () => rolledBack(db, analyse));
  return alreadyCompleted(prepared, completed);
}

const withNotes = async (db: Db, { original }: Request, prepared: Prepared): Promise<Prepared> =>
  withIndexAdvice(db, await withIndexNotes(db, original, prepared));

const wantsFreshness = (known: Installed, { freshness }: Request): boolean =>
  freshness !== undefined && freshness !== known.freshness;

const wantsPlace = (known: Installed, { replace: wanted }: Request): boolean =>
  wanted === true && !known.replaced;

/** What an existing imat can be given in place. */
async function changeInPlace(
  db: Db,
  same: Installed,
  request: Request,
  prepared: Prepared,
  progress: ReportStep,
): Promise<ConvertResult> {
  const result = resultOf(request, prepared);
  const isFresh = wantsFreshness(same, request);
  if (!result.dryRun && isFresh)
    await changeFreshness(db, same, request.name, prepared, () =>
      progress(4, 'waiting for readers of the view'),
    );
  if (!result.dryRun && wantsPlace(same, request)) await replace(db, same.id, progress);
  return isFresh ? result : { ...result, freshness: same.freshness };
}

/** Capture, load and, with `--replace`, the view in the materialized view's place. */
async function install(
  db: Db,
  id: number,
  request: Request,
  prepared: Prepared,
  progress: ReportStep,
): Promise<number> {
  progress(2, 'installing capture');
  await captureSources(db, prepared, (source) =>
    progress(2, `installing capture: waiting for writers of ${source}`),
  );
  progress(3, 'loading');
  const ms = await load(db, request, prepared, id).catch((error: unknown) =>
    Promise.reject(definitionFailure(error)),
  );
  await outlastChanges(db, id);
  await checkSame(db, id);
  if (request.replace === true && request.original !== null) await replace(db, id, progress);
  return ms;
}

export async function captureSources(
  db: Db,
  prepared: Prepared,
  onWait: (source: string) => void,
): Promise<void> {
  for (const source of capturedSources(prepared)) {
    await ensureCapture(db, source, () => onWait(`${source.schema}.${source.name}`));
    await trackSource(db, source);
  }
  await renewOutdated(
    db,
    capturedSources(prepared).map(({ oid }) => oid),
  );
}

/** An index entry has a largest size; keys of that size are found only when they are stored. */
export const isKeyTooLong = (error: unknown): boolean =>
  error instanceof ImatError &&
  error.cause instanceof ServerError &&
  error.cause.sqlstate === '54000';

export const KEY_TOO_LONG: Reason = {
  kind: 'key_too_long',
  message: 'a group key is longer than about 2,700 bytes, the limit of an index',
  hint: 'Group by a digest of it, such as md5(...).',
  position: null,
};

const REPLACE_NOTE =
  'REFRESH MATERIALIZED VIEW of it fails from now on, since it is a view: ' +
  'take it out of your schedules';

async function replace(db: Db, id: number, progress: ReportStep): Promise<void> {
  progress(4, 'putting the view in place of the materialized view');
  await withShortLock(
    db,
    () => replaceOriginal(db, id),
    () => progress(4, 'waiting for readers of the materialized view'),
  );
}
