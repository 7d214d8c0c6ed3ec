/** The users: writers, readers, and who changes tables, partitions and prepared transactions. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../tools/chance.ts';
import { restoreOracles } from './commands.ts';
import { compare, tablesToLock } from './compare.ts';
import { judgeReader, judgeWriter } from './judge.ts';
import type { Run } from './run.ts';
import { asFault, type ServerFault, Session } from './session.ts';
import { COMPARE, randomDdl, randomPartitionChange, randomTransaction, SLEEP } from './writes.ts';

const userSession = (run: Run, name: string): Session =>
  new Session(name, run.url, run.trace, run.users);

const faultText = (sql: string, fault: ServerFault): string =>
  [sql, `${fault.code} ${fault.message}`, fault.detail, fault.where].join('\n');

/** Runs a statement of a user; whether it succeeded. */
async function attempt(run: Run, session: Session, sql: string): Promise<boolean> {
  try {
    await session.sql(sql);
    return true;
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
    return false;
  }
}

const live = (run: Run): readonly string[] =>
  run.world.definitions.filter((one) => one.freshness === 'live').map((one) => one.name);

/** Whether the transaction can go on. */
async function check(run: Run, session: Session, name: string, context: string): Promise<boolean> {
  const step = run.trace.beginCommand(session.name, ['compare', name]);
  try {
    const difference = await compare(session, name);
    step.end(difference === null ? 'ok' : 'difference');
    run.count('comparisons');
    if (difference === null) return true;
    run.fail({
      kind: 'difference',
      imat: name,
      session: session.name,
      text: `${context}\n${difference.rows.join('\n')}`,
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
    const names = statements.map(() => chance.pick(live(run)));
    const pause = chance.int(0, 30);
    number += 1;
    const fixed = isolation !== 'READ COMMITTED' && statements.includes(COMPARE);
    let good =
      (await attempt(run, session, `BEGIN ISOLATION LEVEL ${isolation}`)) &&
      (!fixed || (await attempt(run, session, lock)));
    for (const [at, statement] of statements.entries()) {
      if (!good) break;
      if (statement === SLEEP) await sleep(pause * 40);
      else if (statement === COMPARE)
        good = await check(run, session, names[at] ?? '', `${isolation}, own changes`);
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
    for (const name of began ? reads : []) {
      if (!(await check(run, session, name, isolation))) break;
      await sleep(chance.int(0, pause));
    }
    await attempt(run, session, 'ROLLBACK');
    await sleep(20);
  });
  await session.close();
}

/** Changes tables: something is done, and undone after a while. */
export async function runAlterer(run: Run): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, 'alterer');
  const undo: string[] = [];
  await run.act(session.name, async () => {
    const change = randomDdl(chance, run.world.schema);
    const pause = chance.int(50, 600);
    const done = await attemptAll(run, session, change.statements);
    await sleep(pause);
    if (done) undo.push(...change.undo);
    while (undo[0] !== undefined && run.running)
      if (await insist(run, session, undo[0])) undo.shift();
    if (change.breaks === true && done)
      await restoreOracles(run.world.definitions, session).catch(() => undefined);
    await sleep(pause);
  });
  await session.close();
}

async function attemptAll(run: Run, session: Session, all: readonly string[]): Promise<boolean> {
  for (const sql of all) {
    if (await attempt(run, session, sql)) run.count('schema changes');
    else {
      await attempt(run, session, 'ROLLBACK');
      return false;
    }
  }
  return true;
}

/** What must be undone is tried again; false where it cannot be. */
async function insist(run: Run, session: Session, sql: string): Promise<boolean> {
  for (let round = 0; round < 5 && run.running; round++) {
    if (await attempt(run, session, sql)) return true;
    await sleep(200);
  }
  return true;
}

/** Partitions that come and go. */
export async function runPartitioner(run: Run): Promise<void> {
  const chance = run.nextChance();
  const session = userSession(run, 'partitioner');
  const table = run.world.schema.tables.find((one) => one.partitioned !== null);
  if (table === undefined) return;
  await run.act(session.name, async () => {
    for (const sql of randomPartitionChange(chance, run.world.schema)) {
      if (sql === SLEEP) await sleep(chance.int(0, 400));
      else if (await attempt(run, session, sql)) run.count('partition changes');
    }
    await attempt(
      run,
      session,
      `ALTER TABLE public.${table.name} DETACH PARTITION
      public.${table.name}_guest FINALIZE`,
    );
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
