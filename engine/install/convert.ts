/**
 * Convert: from a materialized view (or a query) to an imat.
 *
 *   analyse    nothing is changed
 *   register   one transaction: the imat's row, its sources, the definition view
 *   capture    one short transaction per source: log and triggers
 *   load       one REPEATABLE READ transaction: state, frontier, view, grants
 *   replace    with --replace: one short transaction
 *
 * A failure undoes what is there; a crash leaves an imat in the state `installing`, which the next convert of that name
 * and `imat revert` remove, and which `imat doctor` names.
 */
import { ImatError } from '../../parser/errors.ts';
import { quoteIdent, quoteQualified } from '../../parser/quote.ts';
import type { ConvertOptions, ConvertResult, Reason } from '../api.ts';
import {
  catalogVersion,
  holdCatalog,
  initialize,
  LOCK_CLASS,
  removeUnusedCatalog,
} from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { definitionFailure } from '../errors.ts';
import { registerScript, scriptOf, storedTable } from '../generate/script.ts';
import type { Statement } from '../generate/statement.ts';
import type { Subject } from '../generate/subject.ts';
import { swapJson } from '../generate/swap-view.ts';
import type { Plan } from '../plan/plan.ts';
import { imatNames } from '../sql/names.ts';
import { rolledBack } from './analyse.ts';
import { attnumArray, ensureCapture, trackSource, withShortLock } from './capture-install.ts';
import { changeFreshness, sameImat } from './freshness.ts';
import { likeOriginal } from './likeness.ts';
import type { Prepared } from './prepare.ts';
import { planOf, prepare, temporaryView } from './prepare.ts';
import { checkReplaceable, replaceOriginal } from './replace.ts';
import { resolveMaterializedView } from './resolve.ts';
import { revertImat } from './revert.ts';
import { subjectOf } from './subject.ts';

type Request = ConvertOptions & {
  readonly name: string;
  readonly original: number | null /** What a recorded request may call it. */;
  readonly calledAs: readonly string[] /** What was found against delta on the way. */;
  readonly against?: readonly Reason[];
};

export async function convertView(
  db: Db,
  serverMajor: number,
  view: string,
  options: ConvertOptions,
): Promise<ConvertResult> {
  const named = await db.transaction('read committed', async () => {
    const found = await resolveMaterializedView(db, view);
    if (options.replace === true) await checkReplaceable(db, found);
    return found;
  });
  const calledAs = [
    view,
    named.name,
    `${named.schema}.${named.name}`,
    quoteQualified(named.schema, named.name),
    quoteIdent(named.name),
  ];
  const request: Request = {
    ...options,
    name: options.name ?? named.name,
    original: named.oid,
    calledAs,
  };
  return convert(db, serverMajor, request, async () => named.oid);
}

export async function convertQuery(
  db: Db,
  serverMajor: number,
  name: string,
  query: string,
  options: ConvertOptions,
): Promise<ConvertResult> {
  return convert(db, serverMajor, { ...options, name, original: null, calledAs: [name] }, () =>
    temporaryView(db, query),
  );
}

async function convert(
  db: Db,
  serverMajor: number,
  request: Request,
  viewOid: () => Promise<number>,
): Promise<ConvertResult> {
  const progress = (step: number, label: string): void =>
    request.onProgress?.({ step, steps: 4, label });
  checkName(request.name);
  progress(1, 'reading the definition');
  const prepared = await db.transaction('read committed', () =>
    rolledBack(db, async () => prepare(db, await viewOid(), serverMajor, request)),
  );
  if (request.original !== null) await checkOwner(db, request.original, prepared);
  const result: ConvertResult = {
    name: request.name,
    relation: imatNames(request.name).view.text,
    strategy: prepared.strategy,
    freshness: prepared.freshness,
    reasons:
      prepared.strategy === 'delta'
        ? []
        : [...prepared.analysis.reasons, ...(request.against ?? [])],
    notes: request.replace === true ? [...prepared.notes, REPLACE_NOTE] : prepared.notes,
    dryRun: request.dryRun === true,
  };
  const dryRun = request.dryRun === true;
  const hasCatalog = (await catalogVersion(db)) > 0;
  if (hasCatalog && !dryRun) await initialize(db, false);
  const same = !hasCatalog
    ? null
    : await sameImat(db, request.name, request.original, prepared.strategy);
  const wantsFreshness =
    same !== null && request.freshness !== undefined && request.freshness !== same.freshness;
  const wantsPlace = same !== null && request.replace === true && !same.replaced;
  if (wantsFreshness || wantsPlace) {
    if (!dryRun && wantsFreshness)
      await changeFreshness(db, same.id, request.name, prepared, () =>
        progress(4, 'waiting for readers of the view'),
      );
    if (!dryRun && wantsPlace) await replace(db, same.id, progress);
    return wantsFreshness ? result : { ...result, freshness: same.freshness };
  }
  const interrupted = await checkFree(db, request.name);
  if (dryRun) return result;
  if (interrupted !== null)
    await revertImat(db, interrupted, (what) =>
      progress(2, `removing what an interrupted convert left: ${what}`),
    );
  await initialize(db, false);
  const id = await register(db, request, prepared).catch(async (error: unknown) => {
    await db.transaction('read committed', () => removeUnusedCatalog(db)).catch(() => undefined);
    throw error;
  });
  try {
    progress(2, 'installing capture');
    for (const source of prepared.watched) {
      await ensureCapture(db, source, () =>
        progress(2, `installing capture: waiting for writers of ${source.schema}.${source.name}`),
      );
      await trackSource(db, source);
    }
    progress(3, 'loading');
    await load(db, request, prepared, id).catch((error: unknown) =>
      Promise.reject(definitionFailure(error)),
    );
    if (request.replace === true && request.original !== null) await replace(db, id, progress);
  } catch (error) {
    await revertImat(db, id, () => undefined).catch(() => undefined);
    if (prepared.strategy !== 'delta' || request.strategy === 'delta' || !isKeyTooLong(error))
      throw error;
    return await convert(
      db,
      serverMajor,
      { ...request, strategy: 'swap', against: [KEY_TOO_LONG] },
      viewOid,
    );
  } finally {
    await db.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, id]).catch(() => undefined);
  }
  return result;
}

/** An index entry has a largest size; keys of that size are found only when they are stored. */
const isKeyTooLong = (error: unknown): boolean =>
  error instanceof ImatError &&
  error.cause instanceof ServerError &&
  error.cause.sqlstate === '54000';

const KEY_TOO_LONG: Reason = {
  kind: 'key_too_long',
  message: 'a group key is too long for an index, which can have some 2700 bytes of it',
  hint: 'Group by a digest of it, such as md5(...).',
  position: null,
};

const REPLACE_NOTE =
  'REFRESH MATERIALIZED VIEW of it fails from now on, since it is a view: take it out of your schedules';

async function replace(
  db: Db,
  id: number,
  progress: (step: number, label: string) => void,
): Promise<void> {
  progress(4, 'putting the view in place of the materialized view');
  await withShortLock(
    db,
    () => replaceOriginal(db, id),
    () => progress(4, 'waiting for readers of the materialized view'),
  );
}

/**
 * A materialized view is refreshed with its owner's rights. An imat has those of the role that converts: where that
 * matters, it must be the owner's.
 * @throws ImatError `insufficient_privilege`
 */
async function checkOwner(db: Db, original: number, { analysis }: Prepared): Promise<void> {
  const [row] = await db.query<{ owner: string; other: boolean }>(
    'SELECT pg_get_userbyid(c.relowner)::text AS owner, pg_get_userbyid(c.relowner) <> current_user AS other FROM pg_class c WHERE c.oid = $1',
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

function checkName(name: string): void {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new ImatError('invalid_argument', {
      message: `"${name}" cannot be the name of an imat`,
      detail: 'A name has 1 to 63 bytes.',
    });
  }
}

/**
 * Whether an imat can have this name. Gives the imat whose convert was interrupted, if that has it.
 * @throws ImatError `already_exists`
 */
async function checkFree(db: Db, name: string): Promise<number | null> {
  const known = (await catalogVersion(db)) === 0 ? null : await installed(db, name);
  if (known !== null && known.state !== 'interrupted') {
    throw new ImatError('already_exists', {
      message: `imat "${name}" ${known.state === 'active' ? 'exists already' : 'is being installed by another session'}`,
      hint: `Another --freshness changes it in place; otherwise choose another name with --name, or run imat revert ${name} first.`,
    });
  }
  const [taken] = await db.query(
    `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'imat' AND c.relname = $1`,
    [name],
  );
  if (known === null && taken !== undefined) {
    throw new ImatError('already_exists', {
      message: `relation ${imatNames(name).view.text} exists already and is not an imat`,
      hint: 'Choose another name with --name.',
    });
  }
  return known?.id ?? null;
}

async function installed(
  db: Db,
  name: string,
): Promise<{ id: number; state: 'active' | 'installing' | 'interrupted' } | null> {
  const [known] = await db.query<{ id: number; state: 'active' | 'installing' | 'reverting' }>(
    'SELECT id, state FROM imat_catalog.imat WHERE name = $1',
    [name],
  );
  if (known === undefined) return null;
  if (known.state === 'active') return { id: known.id, state: 'active' };
  // Whoever installs it holds this lock.
  const [lock] = await db.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS free', [
    LOCK_CLASS,
    known.id,
  ]);
  if (lock?.free !== true) return { id: known.id, state: 'installing' };
  await db.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, known.id]);
  return { id: known.id, state: 'interrupted' };
}

async function register(db: Db, request: Request, prepared: Prepared): Promise<number> {
  const names = imatNames(request.name);
  const { analysis } = prepared;
  return db.transaction('read committed', async () => {
    await holdCatalog(db);
    const [row] = await db.query<{ id: number }>(
      `INSERT INTO imat_catalog.imat (name, strategy, freshness, state, definition, original, watchable, reasons, notes, untrusted, dependence)
       VALUES ($1, $2, $3, 'installing', $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10) ON CONFLICT (name) DO NOTHING RETURNING id`,
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
      ],
    );
    if (row === undefined)
      throw new ImatError('already_exists', {
        message: `imat "${request.name}" is being installed by another session`,
      });
    for (const source of prepared.watched) {
      await db.query(
        'INSERT INTO imat_catalog.imat_source (imat_id, relation, columns) VALUES ($1, $2, $3::smallint[])',
        [row.id, source.oid, source.columns === null ? null : attnumArray(source.columns)],
      );
    }
    await run(db, registerScript({ ...analysis, names }));
    await db.query(
      'UPDATE imat_catalog.imat SET definition_view = $2::regclass, rules_read = imat_catalog.rules_read($2::regclass) WHERE id = $1',
      [row.id, names.definition.sql.text],
    );
    // Held until the install has ended, or the session: it tells an install under way from an interrupted one. Taken last,
    // because it would outlive a transaction that fails.
    await db.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, row.id]);
    return row.id;
  });
}

/** A source that is truncated or rewritten between the snapshot and the first look at it would be read as empty: then again. */
async function load(db: Db, request: Request, prepared: Prepared, id: number): Promise<void> {
  const subject = await subjectOf(db, id, request.name, prepared, true);
  for (let attempt = 1; attempt <= LOAD_ATTEMPTS; attempt++) {
    const loaded = await db.transaction('repeatable read', async () => {
      const [sources] = await db.query<{ held: boolean }>(
        'SELECT imat_catalog.hold_sources($1) AS held',
        [id],
      );
      if (sources?.held !== true) return false;
      const start = performance.now();
      await loadAt(db, request, prepared, subject);
      // What a rebuild costs, measured for the first time: workers compare folds with it.
      await db.query(
        `SELECT imat_catalog.record($1, 'convert', 'load', 'converted', NULL, NULL, $2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
        [id, performance.now() - start],
      );
      return true;
    });
    if (loaded) return;
  }
  throw new ImatError('contention', {
    message: 'the sources are truncated or rewritten all the time',
    hint: 'Try again later.',
  });
}

const LOAD_ATTEMPTS = 20;

/** The state, its frontier and the view, all at the transaction's snapshot. */
async function loadAt(
  db: Db,
  request: Request,
  prepared: Prepared,
  subject: Subject,
): Promise<void> {
  const { id, names } = subject;
  const plan = planOf(prepared);
  const stored = storedTable(subject, plan);
  const like =
    request.original === null
      ? []
      : await likeOriginal(db, request.original, names.view, stored, plan);
  const script = scriptOf(subject, plan, [], like);
  await db.execute('SET LOCAL jit = off');
  await run(db, script.load);
  await noteStored(db, subject, plan);
  await db.execute('SET LOCAL imat.maintaining = on');
  // The frontier's row must be there before a view can ask for it.
  await db.query(
    'INSERT INTO imat_catalog.frontier (imat_id, state_relation, snapshot) VALUES ($1, $2::regclass, pg_current_snapshot())',
    [id, stored.text],
  );
  await run(db, script.publish);
  await db.query('UPDATE imat_catalog.imat SET relation = $2::regclass, state = $3 WHERE id = $1', [
    id,
    names.view.text,
    'active',
  ]);
  await db.query(
    'UPDATE imat_catalog.request SET carried_out_at = now() WHERE name = ANY ($1::text[]) AND carried_out_at IS NULL',
    [request.calledAs],
  );
}

async function run(db: Db, statements: readonly Statement[]): Promise<void> {
  for (const { sql } of statements) await db.execute(sql.text);
}

/** What the catalog must know to fold or swap it. */
async function noteStored(db: Db, subject: Subject, plan: Plan | null): Promise<void> {
  const { state, fold } = subject.names;
  if (plan === null)
    await db.query('UPDATE imat_catalog.imat SET swap = $2::jsonb WHERE id = $1', [
      subject.id,
      swapJson(subject),
    ]);
  else
    await db.query(
      'UPDATE imat_catalog.imat SET stored = $2::regclass, fold_function = $3 WHERE id = $1',
      [subject.id, state.sql.text, fold.sql.text],
    );
}
