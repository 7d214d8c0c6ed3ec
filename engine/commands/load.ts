/**
 * The load of a convert: state, frontier and view, in one REPEATABLE READ transaction. A build
 * beside an imat loads the same way, without the view.
 */
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import { followPartsOf } from '../capture/parts.ts';
import { makeStorePrivate } from '../catalog/private.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import { followsTime } from '../generate/elapsed.ts';
import type { Script } from '../generate/script.ts';
import { scriptOf, storedTable } from '../generate/script.ts';
import { namesOfStores } from '../generate/stores.ts';
import type { Statement } from '../generate/statement.ts';
import type { Subject } from '../generate/subject.ts';
import { swapJson } from '../generate/swap-view.ts';
import type { Plan } from '../plan/plan.ts';
import { checkNamed } from '../server/named.ts';
import { carriedAttributes, noteGrants } from './carried-attributes.ts';
import { noteObjects } from './note-objects.ts';
import type { Request } from './register.ts';
import { subjectOf } from './subject.ts';
import { underChange } from './under-change.ts';

/** Returns how many milliseconds it took to compute and store the answer. */
export async function load(
  db: Db,
  request: Request,
  prepared: Prepared,
  id: number,
): Promise<number> {
  const subject = await subjectOf(db, id, request.name, prepared, true);
  let ms = 0;
  await atOneSnapshot(db, id, prepared, async () => {
    const start = performance.now();
    await loadAt(db, request, prepared, subject);
    await makeStorePrivate(db);
    // What a rebuild costs, measured for the first time: workers compare folds with it.
    ms = performance.now() - start;
    await recordLoad(db, id, 'convert', 'converted', ms);
  });
  return ms;
}

export async function recordLoad(
  db: Db,
  id: number,
  command: string,
  reason: string,
  ms: number,
): Promise<void> {
  await db.query(
    `SELECT imat_catalog.record(
       imat => $1, worker_id => $2, action => 'load', reason => $3, took_ms => $4)`,
    [id, command, reason, ms],
  );
}

/**
 * A source that is truncated or rewritten between the snapshot and the first look at it would be
 * read as empty: then again.
 * @throws ImatError `contention`
 */
export async function atOneSnapshot(
  db: Db,
  id: number,
  prepared: Prepared,
  body: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; attempt <= LOAD_ATTEMPTS; attempt++) {
    await followPartsOf(db, id);
    const loaded = await db.transaction('repeatable read', async () => {
      const [all] = await db.query<{ held: boolean }>(
        `SELECT imat_catalog.hold_sources($1)
           AND imat_catalog.hold_views(imat_catalog.view_locks($1)) AS held`,
        [id],
      );
      if (all?.held !== true) return false;
      await checkNamed(db, prepared.named);
      await body();
      return true;
    });
    if (loaded) return;
    await awaitSources(db, id);
  }
  throw new ImatError('contention', {
    message:
      'the source tables kept being locked, truncated, rewritten or partitioned ' +
      'while they were read',
    hint: 'Try again later.',
  });
}

const LOAD_ATTEMPTS = 300;

/** Where a source could not be held: until it may be free. Outside of a transaction. */
export async function awaitSources(db: Db, id: number): Promise<void> {
  const [row] = await db.query<{ waited: boolean }>(
    'SELECT imat_catalog.await_sources(ARRAY[$1::integer]) AS waited',
    [id],
  );
  if (row?.waited !== true) await new Promise((resolve) => setTimeout(resolve, 50));
}

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
      : await carriedAttributes(db, request.original, names.view, stored, plan);
  const script = scriptOf(subject, plan, [], like);
  await fill(db, id, subject, plan, script);
  await run(db, script.publish);
  await noteObjects(db, id, subject, plan);
  await db.query('UPDATE imat_catalog.imat SET relation_text = $2, state = $3 WHERE id = $1', [
    id,
    names.view.text,
    'active',
  ]);
  await noteGrants(db, id);
  await db.query(
    `UPDATE imat_catalog.request
     SET carried_out_at = now()
     WHERE name = ANY ($1::text[]) AND carried_out_at IS NULL`,
    [request.calledAs],
  );
}

/** What is stored and its frontier, which must be there before a view can ask for it. */
export async function fill(
  db: Db,
  id: number,
  subject: Subject,
  plan: Plan | null,
  script: Pick<Script, 'load'>,
): Promise<void> {
  db.defer('SET LOCAL jit = off');
  await run(db, script.load);
  await checkTrees(db, id);
  await checkLabels(db, subject);
  await noteStored(db, id, subject, plan);
  db.defer('SET LOCAL imat.maintaining = on');
  await db.query(
    `INSERT INTO imat_catalog.frontier (imat_id, state_relation, snapshot)
     VALUES ($1, $2::regclass, pg_current_snapshot())`,
    [id, storedTable(subject, plan).text],
  );
}

/** A label can be renamed while it reads. @throws ImatError `contention` */
async function checkLabels(db: Db, { names }: Subject): Promise<void> {
  const [labels] = await db.query<{ changed: boolean }>(
    'SELECT imat_catalog.labels_changed(to_regclass($1)) AS changed',
    [names.labels.sql.text],
  );
  if (labels?.changed === true)
    throw new ImatError('contention', {
      message: 'the labels of an enum were renamed while its values were read',
      hint: 'Try again.',
    });
}

/** Partitions can be attached while it reads. @throws ImatError `contention` */
async function checkTrees(db: Db, id: number): Promise<void> {
  const [sources] = await db.query<{ whole: boolean }>(
    'SELECT imat_catalog.has_trees($1) AS whole',
    [id],
  );
  if (sources?.whole !== true)
    throw new ImatError('contention', {
      message: 'the partitions of a source changed while it was read',
      hint: 'Try again.',
    });
}

/**
 * Nothing marks an imat as broken before others see it. So what was changed while it was installed
 * is looked for once they do, or will: the first table that inherits from a source, for example.
 * @throws ImatError `contention`
 */
export async function checkSame(db: Db, id: number): Promise<void> {
  // First: what is committed in between shows as a difference.
  const changing = await underChange(db, id);
  const [found] = await db.query<{ differences: string | null }>(
    `SELECT string_agg(DISTINCT d.message, '; ') AS differences
     FROM imat_catalog.differences(ARRAY[$1::integer]) d`,
    [id],
  );
  if (found?.differences === null && changing === null) return;
  throw new ImatError('contention', {
    message:
      found?.differences === null
        ? `another session is changing what the definition reads: ${changing ?? ''}`
        : `what the definition reads was changed meanwhile: ${found?.differences ?? ''}`,
    hint: 'Try again.',
  });
}

export async function run(db: Db, statements: readonly Statement[]): Promise<void> {
  if (statements.length > 0) await db.execute(statements.map(({ sql }) => sql.text).join(';\n'));
}

/** What the catalog must know to fold or swap it. */
export async function noteStored(
  db: Db,
  id: number,
  subject: Subject,
  plan: Plan | null,
): Promise<void> {
  if (plan !== null && followsTime(plan))
    await db.query('UPDATE imat_catalog.imat SET elapsed_text = $2 WHERE id = $1', [
      id,
      subject.names.elapsed.sql.text,
    ]);
  if (subject.enums.length > 0)
    await db.query('UPDATE imat_catalog.imat SET labels_text = $2 WHERE id = $1', [
      id,
      subject.names.labels.sql.text,
    ]);
  if (plan === null)
    await db.query('UPDATE imat_catalog.imat SET swap = $2::jsonb WHERE id = $1', [
      id,
      swapJson(subject),
    ]);
  else
    await db.query(
      `UPDATE imat_catalog.imat
       SET stored_text = $2, fold_function = $3, further_stores = $4::name[],
         over_rows = $5::boolean[]
       WHERE id = $1`,
      [
        id,
        storedTable(subject, plan).text,
        subject.names.fold.sql.text,
        namesOfStores(subject.names, plan)
          .slice(1)
          .map(({ state }) => state.name),
        plan.overRows ?? [],
      ],
    );
}
