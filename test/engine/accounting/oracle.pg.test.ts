/**
 * Statistics against counts that random writers keep themselves: eight clients, savepoints,
 * rollbacks, prepared transactions, every kind of statement, marks amid them, compaction running.
 * In the second run imat captures the tables as well, and its triggers count.
 *
 * Each transaction stores its counts in the table `oracle`, so they are there if it has committed.
 * Who sets a mark stores who was there before. Nobody commits at that moment, but transactions are
 * open. Other marks are set without that; they must not disturb the sums.
 */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { expect, test } from 'vitest';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { type Checked, differencesSql } from '../commands/support/world.ts';
import { detailed } from './support/world.ts';
import { seedOfRun } from '../../setup/seed.ts';

const CLIENTS = 8;
const ROUNDS = 30;

const SETUP = `
  CREATE TABLE a (id serial PRIMARY KEY, v int);
  CREATE TABLE b (id serial, a_id int REFERENCES a ON DELETE CASCADE);
  CREATE TABLE c (id int, v int) PARTITION BY LIST (v);
  CREATE TABLE c0 PARTITION OF c FOR VALUES IN (0); CREATE TABLE c1 PARTITION OF c DEFAULT;
  CREATE TABLE oracle (writer text, t text, verb text, n bigint);
  CREATE TABLE seen (mark text, writer text)`;

/** `random() < p` with a seed that a failure prints. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Counts = Map<string, number>;

const add = (counts: Counts, key: string, rows: number): void => {
  if (rows > 0) counts.set(key, (counts.get(key) ?? 0) + rows);
};

type Action = (n: number) => { readonly text: string; readonly keys: readonly string[] };

/** Statements that return by themselves how many rows they changed. */
const ACTIONS: readonly Action[] = [
  (n) => ({
    text: `WITH w AS (INSERT INTO a (v) SELECT i FROM generate_series(1, ${n}) i RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['a INSERT'],
  }),
  (n) => ({
    text: `WITH w AS (
        UPDATE a SET v = v + 1
        WHERE id IN (SELECT id FROM a ORDER BY random() LIMIT ${n} FOR UPDATE SKIP LOCKED)
        RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['a UPDATE'],
  }),
  (n) => ({
    text: `WITH w AS (
        INSERT INTO a (id, v)
        SELECT i, 0 FROM generate_series(1000000 + ${n} * 10, 1000003 + ${n} * 10) i
        ON CONFLICT (id) DO UPDATE SET v = a.v + 1 RETURNING xmax = 0 AS fresh)
      SELECT count(*) FILTER (WHERE fresh) AS n0, count(*) FILTER (WHERE NOT fresh) AS n1 FROM w`,
    keys: ['a INSERT', 'a UPDATE'],
  }),
  (n) => ({
    text: `WITH w AS (INSERT INTO b (a_id) SELECT id FROM (SELECT id FROM a ORDER BY id LIMIT ${n}
      FOR KEY SHARE SKIP LOCKED) s RETURNING 1) SELECT count(*) AS n0 FROM w`,
    keys: ['b INSERT'],
  }),
  (n) => ({
    text: `WITH w AS (DELETE FROM b WHERE id IN (SELECT id FROM b ORDER BY random() LIMIT ${n}
      FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT count(*) AS n0 FROM w`,
    keys: ['b DELETE'],
  }),
  (n) => ({
    text: `WITH w AS (INSERT INTO c SELECT i, i % 3 FROM generate_series(1, ${n}) i RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['c INSERT'],
  }),
  (n) => ({
    text: `WITH w AS (
        UPDATE c SET v = 1 - least(v, 1)
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY c0 LIMIT ${n} FOR UPDATE SKIP LOCKED))
          AND tableoid = 'c0'::regclass
        RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['c UPDATE'],
  }),
  (n) => ({
    text: `WITH w AS (INSERT INTO c0 SELECT i, 0 FROM generate_series(1, ${n}) i RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['c INSERT'],
  }),
];

/** Statements that return nothing; `own` is the first of ten keys that this client alone uses. */
async function actUntold(
  session: Session,
  random: () => number,
  own: number,
): Promise<readonly [string, number][]> {
  const n = 1 + Math.floor(random() * 9);
  if (random() < 0.5) {
    await session.sql(`COPY a (v) FROM PROGRAM 'seq 1 ${n}'`);
    return [['a INSERT', n]];
  }
  const keys = `generate_series(${own}, ${own + n - 1})`;
  const present = Number(
    await session.value<string>(`SELECT count(*) FROM a JOIN ${keys} k ON a.id = k`),
  );
  await session.sql(`MERGE INTO a USING ${keys} k ON a.id = k
    WHEN MATCHED THEN UPDATE SET v = 0 WHEN NOT MATCHED THEN INSERT VALUES (k, 1)`);
  return [
    ['a UPDATE', present],
    ['a INSERT', n - present],
  ];
}

async function actTold(session: Session, random: () => number): Promise<[string, number][]> {
  const action = ACTIONS[Math.floor(random() * ACTIONS.length)]?.(1 + Math.floor(random() * 9));
  if (action === undefined) throw new Error('there is an action for each number');
  const [row] = await session.rows<Record<string, string>>(action.text);
  return action.keys.map((key, i) => [key, Number(row?.[`n${i}`])]);
}

/** One statement; undone to a savepoint, it counts nothing. */
async function act(
  session: Session,
  random: () => number,
  counts: Counts,
  own: number,
): Promise<void> {
  const undone = random() < 0.25;
  await session.sql('SAVEPOINT s');
  const done =
    random() < 0.3 ? await actUntold(session, random, own) : await actTold(session, random);
  await session.sql(undone ? 'ROLLBACK TO s' : 'RELEASE s');
  if (!undone) for (const [key, rows] of done) add(counts, key, rows);
}

/** Deletes parents with their children, or empties a table; the counts come from what is locked. */
async function actLocked(session: Session, random: () => number, counts: Counts): Promise<void> {
  const count = async (query: string): Promise<number> =>
    Number(await session.value<string>(`SELECT count(*) FROM ${query}`));
  if (random() < 0.5) {
    await session.sql('LOCK TABLE c IN ACCESS EXCLUSIVE MODE');
    add(counts, 'c TRUNCATE', await count('c'));
    await session.sql('TRUNCATE c');
    return;
  }
  await session.sql('LOCK TABLE a, b IN SHARE ROW EXCLUSIVE MODE');
  const some = 'id IN (SELECT id FROM a ORDER BY id LIMIT 3)';
  add(counts, 'b DELETE', await count(`b WHERE a_id IN (SELECT id FROM a WHERE ${some})`));
  add(counts, 'a DELETE', await count(`a WHERE ${some}`));
  await session.sql(`DELETE FROM a WHERE ${some}`);
}

/** Commits, at once or prepared, or rolls back. */
async function finish(session: Session, writer: string, random: () => number): Promise<void> {
  const end = random();
  if (end < 0.2) return session.sql('ROLLBACK');
  if (end >= 0.4) return session.sql(`SELECT pg_advisory_xact_lock_shared(1); COMMIT`);
  await session.sql(`PREPARE TRANSACTION '${writer}'`);
  await new Promise((resolve) => setTimeout(resolve, random() * 60));
  await session.sql('SELECT pg_advisory_lock_shared(1)');
  await session.sql(`${end < 0.27 ? 'ROLLBACK' : 'COMMIT'} PREPARED '${writer}'`);
  await session.sql('SELECT pg_advisory_unlock_shared(1)');
}

async function write(world: Sandbox, client: number, random: () => number): Promise<void> {
  const session = await world.session();
  await session.sql(`SET deadlock_timeout = '50ms'`);
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = `${client}.${round}`;
    const counts: Counts = new Map();
    try {
      await session.sql('BEGIN');
      if (random() < 0.15) await actLocked(session, random, counts);
      for (let i = Math.floor(random() * 5); i >= 0; i -= 1)
        await act(session, random, counts, 2_000_000 + client * 10);
      const values = [...counts, ['', 0] as const].map(([key, rows]) => {
        const [table = '', verb = ''] = key.split(' ');
        return `('${writer}', '${table}', '${verb}', ${rows})`;
      });
      await session.sql(`INSERT INTO oracle VALUES ${values.join(', ')}`);
      await finish(session, writer, random);
    } catch (error) {
      if (!/deadlock|moved to another partition/.test(String(error))) throw error;
      await session.db.execute('ROLLBACK');
    }
  }
}

/** Sets marks until the writers are done; gives those whose sides are known. */
async function setMarks(world: Sandbox, isWriting: () => boolean): Promise<string[]> {
  const session = await world.session();
  const known = ['m0'];
  for (let i = 1; isWriting(); i += 1) {
    if (i % 3 === 0) await session.sql(`SELECT imat.set_mark('g', 'unknown ${i}')`);
    else {
      // Not in one transaction: a commit is done when it is visible.
      await session.sql('SELECT pg_advisory_lock(1)');
      await session.sql(`INSERT INTO seen SELECT DISTINCT 'm${i}', writer FROM oracle`);
      await session.sql(`SELECT imat.set_mark('g', 'm${i}')`);
      await session.sql('SELECT pg_advisory_unlock(1)');
      known.push(`m${i}`);
    }
    if (i % 7 === 0) await session.sql(`SELECT imat.set_mark('h')`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return known;
}

async function foldMeanwhile(world: Sandbox, isWriting: () => boolean): Promise<void> {
  const session = await world.session();
  while (isWriting()) {
    await session.sql('SELECT imat.fold_counts()');
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** What the writers between two marks have noted; null is now. */
async function noted(world: Sandbox, first: string, last: string | null): Promise<unknown[]> {
  const before =
    last === null ? '' : `AND writer IN (SELECT writer FROM seen WHERE mark = '${last}')`;
  const rows = await world.rows<{ t: string; verb: string; n: string }>(
    `SELECT t, verb, sum(n) AS n FROM oracle
     WHERE n > 0 AND writer NOT IN (SELECT writer FROM seen WHERE mark = '${first}') ${before}
     GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  return rows.map(({ t, verb, n }) => [t, verb, Number(n)]);
}

async function check(world: Sandbox, marks: readonly string[], hint: string): Promise<void> {
  const pairs = marks.flatMap((first, i) => [
    [first, marks[i + 1] ?? null] as const,
    [first, marks[Math.min(marks.length - 1, i + 5)] ?? null] as const,
    [first, null] as const,
  ]);
  for (const [first, last] of pairs) {
    const counted = (await detailed(world, 'g', first, last)).map(([t, , verb, n]) => [t, verb, n]);
    expect(counted, `${hint}, ${first} to ${last}`).toEqual(
      first === last ? [] : await noted(world, first, last),
    );
  }
}

const IMATS: readonly Checked[] = ['a', 'b', 'c'].map((table) => ({
  name: `of_${table}`,
  definition: `SELECT id % 7 AS k, count(*) AS n, sum(id) AS ids FROM public.${table} GROUP BY 1`,
}));

test.each([
  ['counted', []],
  ['captured and counted', IMATS],
])('each interval has what its transactions did, folded or not: %s', async (_, imats) => {
  const seed = seedOfRun();
  await inPreparedSandbox(SETUP, async (world) => {
    for (const { name, definition } of imats) await world.imat.create(name, definition);
    await world.sql(`SELECT imat.create_group('g', ARRAY['a', 'b', 'c']::regclass[], '{}', 'm0')`);
    await world.sql(`SELECT imat.create_group('h', ARRAY['a', 'c']::regclass[], '{}', 'm0')`);
    let writing = true;
    const isWriting = (): boolean => writing;
    const marker = setMarks(world, isWriting);
    const folder = foldMeanwhile(world, isWriting);
    try {
      await Promise.all(
        Array.from({ length: CLIENTS }, (_, i) => write(world, i, generator(seed + i))),
      );
    } finally {
      writing = false;
      await Promise.all([marker, folder]);
    }
    const marks = await marker;
    expect(marks.length).toBeGreaterThan(10);
    await check(world, marks, `IMAT_SEED=${seed} while folding`);
    await world.sql('SELECT imat.fold_counts()');
    await check(world, marks, `IMAT_SEED=${seed} folded`);
    for (const mark of marks.filter((_, i) => i % 3 === 1))
      await world.sql(`SELECT imat.delete_mark('g', '${mark}')`);
    await check(
      world,
      marks.filter((_, i) => i % 3 !== 1),
      `IMAT_SEED=${seed} with marks deleted`,
    );
    const all = `SELECT sum(n) FROM oracle WHERE t IN ('a', 'c')`;
    expect(
      await world.value(`SELECT sum(stat_rows) FROM imat.log_stat_group('h', 'm0', NULL)`),
    ).toBe(await world.value(all));
    expect(
      await world.value(`SELECT sum(stat_changes) FROM imat.log_stat_table('public', 'b')`),
    ).toBe(await world.value(`SELECT sum(n) FROM oracle WHERE t = 'b'`));
    for (const one of imats) expect(await world.rows(differencesSql(one))).toEqual([]);
  });
});
