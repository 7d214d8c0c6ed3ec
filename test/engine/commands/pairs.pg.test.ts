/**
 * Every pair of what can happen to a database with imats at the same time: writes, TRUNCATE, DDL,
 * and the commands of imat. The first is a transaction that stays open, or a command; the second
 * comes while it is under way. Both end, nobody gets an error that imat causes, and every imat
 * shows what its definition does, for readers inside, beside and after.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ImatError, type Imat } from '../../../engine/index.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  outcomeOf,
  type Session,
  until,
  type World,
  majorOf,
} from './support/world.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const summed = (name: string): Checked => ({
  name,
  definition: 'SELECT g, sum(v) AS s, count(*) AS n FROM public.t GROUP BY g',
});
const KEPT: readonly Checked[] = [
  summed('delta'),
  {
    name: 'joined',
    definition:
      'SELECT k.name, sum(t.v) AS s FROM public.t JOIN public.k USING (g) GROUP BY k.name',
  },
  {
    name: 'ranked',
    definition: `${REBUILT} SELECT g, v, rank() OVER (ORDER BY v, id) AS place FROM public.t`,
  },
];

/** What a transaction does; `undo` brings the schema back. */
const WRITES: Readonly<Record<string, { readonly does: string; readonly undo?: string }>> = {
  insert: { does: 'INSERT INTO t (g, v) SELECT i % 4, i FROM generate_series(1, 5) AS i' },
  update: { does: 'UPDATE t SET v = v + 1, g = (g + 1) % 4 WHERE v % 3 = 0' },
  delete: { does: 'DELETE FROM t WHERE v % 5 = 0' },
  'a write of another table': { does: "UPDATE k SET name = name || 'x' WHERE g = 1" },
  truncate: {
    does: 'TRUNCATE t; INSERT INTO t (g, v) SELECT i % 4, i FROM generate_series(1, 40) AS i',
  },
  'add column': {
    does: 'ALTER TABLE t ADD COLUMN more int DEFAULT 3',
    undo: 'ALTER TABLE t DROP COLUMN more',
  },
  'drop column': {
    does: 'ALTER TABLE t DROP COLUMN pad',
    undo: 'ALTER TABLE t ADD COLUMN pad text',
  },
  'rename column': {
    does: 'ALTER TABLE t RENAME COLUMN v TO w; ALTER TABLE t RENAME COLUMN w TO v',
  },
  'rename table': { does: 'ALTER TABLE k RENAME TO k2; ALTER TABLE k2 RENAME TO k' },
  index: { does: 'CREATE INDEX pairs ON t (v)', undo: 'DROP INDEX pairs' },
};

/** `ready` is run before the pair, `undo` after it. Both leave what is there already. */
type Command = {
  readonly run: (imat: Imat) => Promise<unknown>;
  readonly ready?: (imat: Imat) => Promise<unknown>;
  readonly undo?: (imat: Imat) => Promise<unknown>;
};
const convert =
  (name: string) =>
  (imat: Imat): Promise<unknown> =>
    imat.convert(name);
const revert =
  (name: string) =>
  (imat: Imat): Promise<unknown> =>
    imat.revert(name);
/** A transaction that keeps an older snapshot is told to begin anew where these have run. */
const KEEP_NO_OLDER = ['repair', 'alter'];
const COMMANDS: Readonly<Record<string, Command>> = {
  fold: { run: (imat) => imat.fold('delta') },
  'fold of a join': { run: (imat) => imat.fold('joined') },
  swap: { run: (imat) => imat.swap('ranked') },
  rebuild: { run: (imat) => imat.rebuild('delta') },
  convert: { run: convert('spare'), undo: revert('spare') },
  revert: { ready: convert('extra'), run: revert('extra') },
  repair: { run: (imat) => imat.repair('delta') },
  alter: { run: (imat) => imat.alter('joined', KEPT[1]?.definition ?? '', {}) },
  verify: { run: (imat) => imat.verify('delta') },
};

let world: World;
/** What is run either way is run one way on PostgreSQL 15, the other on 18 with the extension. */
let isHalf: (place: number) => boolean;
let [one, two]: (Session | undefined)[] = [];
let [program, other]: { readonly imat: Imat; readonly pid: number }[] = [];
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, g int, v int, pad text);
    CREATE TABLE k (g int PRIMARY KEY, name text);
    INSERT INTO t (g, v) SELECT i % 4, i FROM generate_series(1, 40) AS i;
    INSERT INTO k SELECT i, 'k' || i % 3 FROM generate_series(0, 3) AS i;
    CREATE MATERIALIZED VIEW spare AS ${summed('spare').definition};
    CREATE MATERIALIZED VIEW extra AS ${REBUILT}
      SELECT g, max(v) AS v, min(id) AS id FROM t GROUP BY g`);
  const isOther = WITH_EXTENSION || (await majorOf(world)) >= 18;
  isHalf = (place) => (place % 2 === 0) !== isOther;
  for (const { name, definition } of KEPT) await world.imat.create(name, definition);
  [one, two] = [await world.session(), await world.session()];
  [program, other] = [await world.program(), await world.program()];
});
afterEach(async () => {
  for (const session of [one, two]) await session?.sql('ROLLBACK');
  for (const name of ['spare', 'extra']) await world.imat.revert(name).catch(() => undefined);
});
afterAll(() => world.drop());

const sessionOf = (session: Session | undefined): Session => session ?? expect.fail('no session');
const programOf = (found: typeof program): NonNullable<typeof program> =>
  found ?? expect.fail('no program');

/** Settles, or waits for a lock: then it is as far as it comes. */
async function settledOrWaiting(pid: number, promise: Promise<unknown>): Promise<void> {
  let isSettled = false;
  void promise.then(() => (isSettled = true));
  await until(`backend ${pid} is done or waits`, async () => {
    if (isSettled) return true;
    // A command tries for a lock again and again, so one look may miss its waiting.
    const [row] = await world.rows<{ waits: boolean }>(
      `SELECT coalesce(wait_event_type = 'Lock', false) AS waits
       FROM pg_stat_activity WHERE pid = ${pid}`,
    );
    return row?.waits === true;
  });
}

/** What may happen to a command beside another one; never a wrong or an internal error. */
const FAIR = ['contention', 'source_changed'];
/** The loser of two that do the same is told that the other has done it. */
const SAME = [...FAIR, 'already_exists', 'not_found'];
function expectFair(outcome: unknown, what: string, allowed: readonly string[]): void {
  if (!(outcome instanceof Error)) return;
  if (!(outcome instanceof ImatError)) expect.fail(`${what}: ${outcome.message}`);
  expect(allowed, `${what}: ${outcome.message}`).toContain(outcome.condition);
}

async function expectExactOrTold(session: Session): Promise<void> {
  await session.sql('SAVEPOINT older');
  await expectExact(session, KEPT, 'inside').catch((error: unknown) => {
    expect(error).toMatchObject({ sqlstate: '40001' });
  });
  await session.sql('ROLLBACK TO older');
}

/** What has differed before these writes differs after them too. */
async function afterwards(): Promise<void> {
  await sessionOf(one).sql('INSERT INTO t (g, v) VALUES (1, 7), (NULL, 8)');
  await sessionOf(one).sql('DELETE FROM t WHERE v = 8');
  await expectExact(world, KEPT);
}

const writes = Object.keys(WRITES);
const names = Object.keys(COMMANDS);
const ENDS = ['COMMIT', 'ROLLBACK'] as const;

describe.each(Object.entries(WRITES))('while a transaction does: %s', (what, { does, undo }) => {
  test.each(Object.entries(WRITES))('another does: %s', async (name, second) => {
    const rollsBack = isHalf(writes.indexOf(what) + writes.indexOf(name));
    for (const end of rollsBack ? ENDS : (['COMMIT'] as const)) {
      const [first, next] = [sessionOf(one), sessionOf(two)];
      await first.sql(`BEGIN; ${does}`);
      await expectExact(first, KEPT, 'inside');
      const outcome = outcomeOf(next.sql(`BEGIN; SET LOCAL lock_timeout = '20s'; ${second.does}`));
      await settledOrWaiting(next.pid, outcome);
      await first.sql(end);
      if (end === 'COMMIT' && undo !== undefined && does === second.does) {
        await outcome;
        await next.sql('ROLLBACK');
      } else {
        expect(await outcome).not.toBeInstanceOf(Error);
        await expectExact(next, KEPT, 'inside the second');
        await next.sql(end);
      }
      if (end === 'COMMIT') {
        if (undo !== undefined) await first.sql(undo);
        if (second.undo !== undefined && second.does !== does) await next.sql(second.undo);
      }
      await afterwards();
    }
  });

  test.each(Object.entries(COMMANDS))('a command comes: %s', async (name, command) => {
    const rollsBack = isHalf(writes.indexOf(what) + names.indexOf(name));
    for (const [end, isolation] of [
      ['COMMIT', 'REPEATABLE READ'],
      ...(rollsBack ? [['ROLLBACK', 'READ COMMITTED'] as const] : []),
    ] as const) {
      const { imat, pid } = programOf(program);
      await command.ready?.(imat);
      const first = sessionOf(one);
      await first.sql(`BEGIN ISOLATION LEVEL ${isolation}; ${does}`);
      const outcome = outcomeOf(command.run(imat));
      await settledOrWaiting(pid, outcome);
      if (isolation === 'READ COMMITTED' || !KEEP_NO_OLDER.includes(name))
        await expectExact(first, KEPT, 'inside');
      else await expectExactOrTold(first);
      await first.sql(end);
      expectFair(await outcome, name, []);
      await expectExact(world, KEPT, 'after');
      await command.undo?.(imat);
      if (end === 'COMMIT' && undo !== undefined) await first.sql(undo);
      await afterwards();
    }
  });
});

describe.each(Object.entries(COMMANDS))('beside the command %s', (name, command) => {
  test.each(Object.entries(COMMANDS))('the command %s', async (secondName, second) => {
    // Of a pair, the one order is run with one delay, the other with the other.
    const isAtOnce = isHalf(names.indexOf(name) < names.indexOf(secondName) ? 0 : 1);
    const [first, next] = [programOf(program), programOf(other)];
    await command.ready?.(first.imat);
    if (second !== command) await second.ready?.(next.imat);
    const running = outcomeOf(command.run(first.imat));
    await sleep(isAtOnce ? 0 : 5);
    const beside = outcomeOf(second.run(next.imat));
    const writer = sessionOf(one);
    for (let write = 0; write < 3; write++) {
      await writer.sql('BEGIN; INSERT INTO t (g, v) VALUES (2, 1); SAVEPOINT s; DELETE FROM t');
      await writer.sql('ROLLBACK TO s; COMMIT');
      await expectExact(world, KEPT, 'beside');
    }
    const outcomes = [await running, await beside];
    const allowed = command === second ? SAME : FAIR;
    expectFair(outcomes[0], name, allowed);
    expectFair(outcomes[1], secondName, allowed);
    expect(outcomes.every((outcome) => outcome instanceof Error)).toBe(false);
    await command.undo?.(first.imat);
    if (second !== command) await second.undo?.(next.imat);
    await afterwards();
  });
});
