/**
 * Builds an imat anew beside what is there, and puts it in its place: for repair and alter.
 *
 *   analyse    nothing is changed
 *   register   a row of its own, whose `builds` names the imat; its definition and its sources
 *   capture    one short transaction a source, as in a convert
 *   load       one REPEATABLE READ transaction: what is stored, and its frontier
 *   switch     one short transaction: the view and the catalog's row (switch.ts)
 *
 * Until the switch readers and writers have what they had before. A failure removes what was built;
 * a crash leaves a row in the state `installing`, which the next repair or a revert removes.
 */
import { quoteIdent } from '../../parser/quote.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { alreadyCompleted, planOf, prepare } from '../analysis/prepare.ts';
import { temporaryView } from '../analysis/query-text.ts';
import type { ConvertOptions, Reason } from '../api.ts';
import { dropFormerLogs } from '../capture/release.ts';
import { LOCK_CLASS } from '../catalog/migrate.ts';
import { makeStorePrivate } from '../catalog/private.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { definitionFailure, toImatError } from '../db/server-errors.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { scriptOf, storedTable } from '../generate/script.ts';
import type { Subject } from '../generate/subject.ts';
import { blameNamed } from '../server/named.ts';
import { cutName, imatNames } from '../sql/names.ts';
import { carriedIndexes } from './carried-indexes.ts';
import { gatherStatistics } from './gather-statistics.ts';
import { KEY_TOO_LONG, captureSources, isKeyTooLong } from './convert.ts';
import { atOneSnapshot, fill, recordLoad, run } from './load.ts';
import type { Request } from './register.ts';
import { checkOwner, register } from './register.ts';
import { releaseCapture, revertImat } from './revert.ts';
import { underSettings } from './session-settings.ts';
import { subjectOf } from './subject.ts';
import { type Build, builtElsewhere, type Target } from './build-target.ts';
import { switchTo } from './switch.ts';
import { outlastChanges } from './under-change.ts';

/** What is to be built: a query of the user, or the definition that the imat has. */
export type Wanted = {
  readonly query: string | null;
  readonly strategy: ConvertOptions['strategy'];
  /** What the history says: `repaired` or `altered`. */
  readonly reason: string;
  readonly against?: readonly Reason[];
  readonly onProgress?: ConvertOptions['onProgress'];
};

/** How it is maintained from now on, and how long the load took. */
export type BuiltAnew = { readonly prepared: Prepared; readonly loadMs: number };

/** Under the settings that the imat was converted under. */
export async function buildBeside(
  db: Db,
  serverMajor: number,
  target: Target,
  wanted: Wanted,
): Promise<BuiltAnew> {
  const settings = { ...target.settings, ...target.completed.settings };
  return underSettings(db, settings, () => build(db, serverMajor, target, wanted));
}

async function build(
  db: Db,
  serverMajor: number,
  target: Target,
  wanted: Wanted,
): Promise<BuiltAnew> {
  const progress: ReportStep = (step, label) => wanted.onProgress?.({ step, steps: 4, label });
  progress(1, `reading the definition of ${target.name}`);
  const analysed = (): Promise<Prepared> => prepareTarget(db, serverMajor, target, wanted);
  const first = await analysed();
  const prepared = wanted.strategy === 'swap' ? first : await gatherStatistics(db, first, analysed);
  const request: Request = {
    name: cutName(`${target.name} (new)`),
    original: null,
    calledAs: [],
    builds: target.id,
    keepsDefinition: wanted.query === null,
    ...(wanted.against === undefined ? {} : { against: wanted.against }),
  };
  const id = await register(db, request, prepared).catch(async (error: unknown) => {
    const isTaken = error instanceof ImatError && error.condition === 'already_exists';
    throw isTaken ? builtElsewhere(target) : await blameNamed(db, prepared.named, error);
  });
  try {
    const beside = { id, target, prepared, name: request.name };
    return { prepared, loadMs: await install(db, beside, wanted, progress) };
  } catch (error) {
    // A cancel has nothing left to stop: the work is undone already.
    db.forgetCancel();
    await revertImat(db, id, () => undefined).catch(() => undefined);
    if (prepared.strategy !== 'delta' || !isKeyTooLong(error))
      throw await blameNamed(db, prepared.named, error);
    return await build(db, serverMajor, target, {
      ...wanted,
      strategy: 'swap',
      against: [KEY_TOO_LONG],
    });
  } finally {
    await db.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, id]).catch(() => undefined);
  }
}

type ReportStep = (step: number, label: string) => void;

/** Capture, load and switch. */
async function install(
  db: Db,
  { id, target, prepared, name }: Omit<Build, 'subject'> & { readonly name: string },
  { reason }: Wanted,
  progress: ReportStep,
): Promise<number> {
  progress(2, 'installing capture');
  await captureSources(db, prepared, (source) =>
    progress(2, `installing capture: waiting for writers of ${source}`),
  );
  progress(3, 'loading');
  const start = performance.now();
  const subject = await subjectBeside(db, target, prepared, name);
  const built: Build = { id, target, prepared, subject };
  await loadBeside(db, built).catch((error: unknown) => Promise.reject(definitionFailure(error)));
  const loadMs = performance.now() - start;
  progress(4, 'switching');
  await outlastChanges(db, id);
  const former = await withShortLock(
    db,
    () => switchTo(db, built),
    () => progress(4, 'switching: waiting for readers of the view'),
  );
  await recordLoad(
    db,
    target.id,
    reason === 'altered' ? 'alter' : 'repair',
    reason,
    performance.now() - start,
  );
  await tidy(db, former);
  return loadMs;
}

async function prepareTarget(
  db: Db,
  serverMajor: number,
  target: Target,
  { query, strategy }: Wanted,
): Promise<Prepared> {
  const options = {
    freshness: target.freshness,
    plansAnew: true,
    ...(strategy === undefined ? {} : { strategy }),
  };
  const analyse = async (): Promise<Prepared> => {
    const view =
      query === null && target.definitionView !== null
        ? target.definitionView
        : await temporaryView(db, query ?? target.definition);
    return prepare(db, view, serverMajor, options);
  };
  const prepared = await withShortLock(db, () => rolledBack(db, analyse));
  if (target.original !== null && (query === null || target.owner === null))
    await checkOwner(db, target.original, prepared);
  if (query === null) await checkTexts(db, target);
  await checkNoCycle(db, target, prepared);
  return query === null ? alreadyCompleted(prepared, target.completed) : prepared;
}

/**
 * The definition has queries of views as text, which read tables with the rights of the imat's
 * owner. @throws ImatError `insufficient_privilege` if the views hide rows by now
 */
async function checkTexts(db: Db, { id, name }: Target): Promise<void> {
  const [hiding] = await db.query<{ view: string }>(
    `SELECT c.oid::regclass::text AS view
     FROM imat_catalog.fact f JOIN pg_class c ON c.oid = f.object
     WHERE f.imat_id = $1 AND f.class = 'pg_class'::regclass AND f.facts ? 'inlined'
       AND pg_get_userbyid(c.relowner) <> current_user
       AND imat_catalog.hidden_rows(c.oid) <> '{}'
     ORDER BY 1 LIMIT 1`,
    [id],
  );
  if (hiding === undefined) return;
  throw new ImatError('insufficient_privilege', {
    message: `row-level security hides rows from the owner of ${hiding.view}`,
    detail: 'The definition has its query as text, which would show them.',
    hint:
      `imat alter ${shellWord(name)} --query "..." with the same definition ` +
      'reads the view itself.',
  });
}

/** @throws ImatError `invalid_definition` */
async function checkNoCycle(db: Db, target: Target, { analysis }: Prepared): Promise<void> {
  const [cycle] = await db.query<{ name: string }>(
    `WITH RECURSIVE inner_imats AS (
       SELECT unnest($2::integer[]) AS id
       UNION SELECT r.reads_imat FROM inner_imats n JOIN imat_catalog.reading r ON r.imat_id = n.id
       WHERE r.reads_imat IS NOT NULL
     ) SELECT i.name FROM inner_imats n JOIN imat_catalog.imat i USING (id) WHERE n.id = $1`,
    [target.id, `{${analysis.imats.map((one) => one.imatId).join(',')}}`],
  );
  if (cycle === undefined) return;
  throw new ImatError('invalid_definition', {
    message: `imat "${target.name}" would read itself`,
    hint:
      'Write the query over tables, or over imats that do not read ' +
      `imat.${quoteIdent(target.name)}.`,
  });
}

async function subjectBeside(
  db: Db,
  target: Target,
  prepared: Prepared,
  name: string,
): Promise<Subject> {
  const subject = await subjectOf(db, target.id, target.name, prepared, true);
  return {
    ...subject,
    names: { ...imatNames(name), view: imatNames(target.name).view },
    settings: target.settings ?? subject.settings,
  };
}

async function loadBeside(db: Db, { id, target, prepared, subject }: Build): Promise<void> {
  const plan = planOf(prepared);
  await atOneSnapshot(db, id, prepared, async () => {
    for (const [name, value] of Object.entries(target.settings ?? {}))
      await db.query('SELECT set_config($1, $2, true)', [name, value]);
    await fill(db, id, subject, plan, scriptOf(subject, plan, [], []));
    const stored = storedTable(subject, plan);
    const { statements } = await carriedIndexes(db, target.original, stored, plan);
    await run(
      db,
      statements.map((sql) => ({ label: 'an index of the materialized view', sql })),
    );
    await makeStorePrivate(db);
  });
}

/**
 * `former`: the sources before and after. The imat is built by now. What other sessions keep from
 * being tidied away, the next command that releases capture takes away.
 */
async function tidy(db: Db, former: readonly number[]): Promise<void> {
  try {
    await releaseCapture(db, former, () => undefined);
    for (const oid of former) await dropFormerLogs(db, oid);
  } catch (error) {
    const known = toImatError(error);
    if (!(known instanceof ImatError) || known.condition !== 'contention') throw error;
  }
}
