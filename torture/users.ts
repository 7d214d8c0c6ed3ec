/** The users: writers, readers, and who changes tables, partitions and prepared transactions. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../tools/chance.ts';
import { restoreOracles } from './commands.ts';
import { compare, evidenceOf, tablesToLock } from './compare.ts';
import type { Definition } from './definitions.ts';
import { judgeReader, judgeWriter } from './judge.ts';
import type { Run } from './run.ts';
import { asFault, isLost, type ServerFault, Session } from './session.ts';
import { COMPARE, randomDdl, randomPartitionChange, randomTransaction, SLEEP } from './writes.ts';

const userSession = (run: Run, name: string): Session =>
  new Session(name, run.url, run.trace, run.users);

const faultText = (sql: string, fault: ServerFault): string =>
  [sql, `${fault.code} ${fault.message}`, fault.detail, fault.where].join('\n');

/** Runs a statement of a user; whether it succeeded. */
const attempt = async (run: Run, session: Session, sql: string): Promise<boolean> =>
  (await faultOf(run, session, sql)) === null;

async function faultOf(run: Run, session: Session, sql: string): Promise<ServerFault | null> {
  try {
    await session.sql(sql);
    return null;
  } catch (error) {
    const fault = asFault(error);
    const verdict = judgeWriter(fault, run.users);
    run.count(verdict === 'lost' ? 'statements cut off' : `errors allowed: ${fault.code}`);
    if (verdict === 'imat')
      run.fail({
        kind: 'writer error',
        imat: null,
        session: session.name,
        text: faultText(sql, fault),
      });
    return fault;
  }
}

const live = (run: Run): readonly Definition[] =>
  run.world.definitions.filter((one) => one.freshness === 'live');

/** Whether the transaction can go on. */
async function check(
  run: Run,
  session: Session,
  definition: Definition,
  context: string,
): Promise<boolean> {
  const { name } = definition;
  const step = run.trace.beginCommand(session.name, ['compare', name]);
  try {
    const difference = await compare(session, definition);
    step.end(difference === null ? 'ok' : 'difference');
    run.count('comparisons');
    if (difference === null) return true;
    const evidence = await evidenceOf(session, name);
    run.fail({
      kind: 'difference',
      imat: name,
      session: session.name,
      text: `${context}\n${difference.rows.join('\n')}`,
      evidence,
    });
  } catch (error) {
    const fault = asFault(error);
    step.end(`${fault.code} ${fault.message}`);
    const verdict = judgeReader(fault);
    run.count(`reads: ${verdict}`);
    if (verdict === 'imat')
      run.fail({
        kind: 'read error',
        imat: name,
        session: session.name,
        text: faultText(`read of ${name}`, fault),
      });
  }
  return false;
}

export async function runWriter(run: Run, index: number): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, `writer ${index}`);
  const lock = `LOCK TABLE ${run.world.schema.tables
    .map((table) => `public.${table.name}`)
    .join(', ')} IN ROW EXCLUSIVE MODE`;
  let number = 0;
  await run.act(session.name, async () => {
    const { isolation, statements, end } = randomTransaction(chance, run.world.schema);
    const compared = statements.map(() => chance.pick(live(run)));
    const pause = chance.int(0, 30);
    number += 1;
    const fixed = isolation !== 'READ COMMITTED' && statements.includes(COMPARE);
    let good =
      (await attempt(run, session, `BEGIN ISOLATION LEVEL ${isolation}`)) &&
      (!fixed || (await attempt(run, session, lock)));
    for (const [at, statement] of statements.entries()) {
      if (!good) break;
      if (statement === SLEEP) await sleep(pause * 40);
      else if (statement === COMPARE && compared[at] !== undefined)
        good = await check(run, session, compared[at], `${isolation}, own changes`);
      else good = await attempt(run, session, statement);
      if (good) run.count('statements');
    }
    const gid = `torture-${run.world.seed}-${index}-${number}`;
    const wanted = end === 'PREPARE' ? `PREPARE TRANSACTION '${gid}'` : end;
    if (await attempt(run, session, good ? wanted : 'ROLLBACK'))
      run.count(good ? `transactions: ${end}` : 'transactions: failed');
    else await attempt(run, session, 'ROLLBACK');
    await sleep(pause);
  });
  await session.close();
}

export async function runReader(run: Run, index: number): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, `reader ${index}`);
  await run.act(session.name, async () => {
    const serializable = chance.in100(20);
    const reads = Array.from({ length: chance.int(1, 6) }, () => chance.pick(live(run)));
    const pause = chance.in100(10) ? 300 : 10;
    let tables = '';
    try {
      tables = await tablesToLock(session);
    } catch {
      await sleep(100);
      return;
    }
    const isolation = serializable ? 'SERIALIZABLE' : 'REPEATABLE READ';
    const began =
      (await attempt(run, session, `BEGIN ISOLATION LEVEL ${isolation}`)) &&
      (await attempt(run, session, `LOCK TABLE ${tables} IN ACCESS SHARE MODE`));
    for (const definition of began ? reads : []) {
      if (!(await check(run, session, definition, isolation))) break;
      await sleep(chance.int(0, pause));
    }
    await attempt(run, session, 'ROLLBACK');
    await sleep(20);
  });
  await session.close();
}

/** Does once what must be found. */
export async function runSaboteur(run: Run, fault: string): Promise<void> {
  const session = userSession(run, 'saboteur');
  await sleep(300);
  await attempt(run, session, fault);
  await session.close();
}

/** Changes tables: something is done, and undone after a while. */
export async function runAlterer(run: Run): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, 'alterer');
  await run.act(session.name, async () => {
    const change = randomDdl(chance, run.world.schema);
    const pause = chance.int(50, 600);
    const done = await attemptAll(run, session, change.statements);
    await sleep(pause);
    if (done !== 'failed') for (const sql of change.undo) await insist(run, session, sql);
    if (change.breaks === true)
      await restoreOracles(run.world.definitions, session).catch(() => undefined);
    await sleep(pause);
  });
  await session.close();
}

/** Of what was cut off it is not known whether it was done. */
async function attemptAll(
  run: Run,
  session: Session,
  all: readonly string[],
): Promise<'done' | 'failed' | 'cut off'> {
  for (const sql of all) {
    const fault = await faultOf(run, session, sql);
    if (fault !== null) {
      await attempt(run, session, 'ROLLBACK');
      return isLost(fault) ? 'cut off' : 'failed';
    }
    run.count('schema changes');
  }
  return 'done';
}

const NOTHING_TO_UNDO = new Set(['42703', '42P01', '42704', '22023']);

/** What must be undone is tried again. */
async function insist(run: Run, session: Session, sql: string): Promise<void> {
  for (let round = 0; round < 100 && run.running; round++) {
    const fault = await faultOf(run, session, sql);
    if (fault === null || NOTHING_TO_UNDO.has(fault.code)) return;
    await sleep(200);
  }
}

/** Partitions that come and go. */
export async function runPartitioner(run: Run): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, 'partitioner');
  const table = run.world.schema.tables.find((one) => one.parts !== null);
  if (table === undefined) return;
  await run.act(session.name, async () => {
    for (const sql of randomPartitionChange(chance, run.world.schema)) {
      if (sql === SLEEP) await sleep(chance.int(0, 400));
      else if (await attempt(run, session, sql)) run.count('partition changes');
    }
    await endDetachments(run, session);
    await attempt(run, session, `DROP TABLE IF EXISTS public.${table.name}_guest`);
  });
  await session.close();
}

export async function runCommitter(run: Run): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, 'committer');
  await run.act(session.name, async () => {
    await sleep(chance.int(10, 200));
    await endPrepared(run, session, chance);
  });
  await session.close();
}

/** While a detachment is incomplete, the partition can be neither altered nor repaired. */
export async function endDetachments(run: Run, session: Session): Promise<void> {
  const rows = await session
    .sql(
      `SELECT format('ALTER TABLE %s DETACH PARTITION %s FINALIZE',
         inhparent::regclass, inhrelid::regclass) AS command
       FROM pg_inherits WHERE inhdetachpending`,
      false,
    )
    .catch(() => []);
  for (const { command } of rows) await attempt(run, session, command ?? '');
}

export async function endPrepared(run: Run, session: Session, chance: Chance): Promise<void> {
  let rows: Record<string, string | null>[] = [];
  try {
    rows = await session.sql(
      'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared',
      false,
    );
  } catch {
    return;
  }
  for (const { gid } of rows)
    await attempt(run, session, `${chance.in100(80) ? 'COMMIT' : 'ROLLBACK'} PREPARED '${gid}'`);
}
