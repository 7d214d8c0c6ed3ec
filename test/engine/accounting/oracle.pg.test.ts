/**
 * Statistics against counts that a random writer keeps itself: eight clients with savepoints,
 * rollbacks, prepared transactions and every kind of statement, marks amid them, compaction running.
 *
 * Where a transaction lies is not asked of imat: each writes its number into a table of its own, and
 * whoever sets a mark stores, in the same statement's transaction, nothing but the mark. A mark is
 * a snapshot, so afterwards the oracle reads, for each mark, from a session that exported the very
 * snapshot: not possible for a mark of the past. Therefore each mark is set by a function that also
 * copies the numbers that its own statement sees.
 */
import { expect, inject, test } from 'vitest';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { detailed, inWorld } from './support/world.ts';

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

/** Statements that return by themselves how many rows they changed, for the oracle's own account. */
const ACTIONS: readonly ((n: number) => {
  readonly text: string;
  readonly keys: readonly string[];
})[] = [
  (n) => ({
    text: `WITH w AS (INSERT INTO a (v) SELECT i FROM generate_series(1, ${n}) i RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['a INSERT'],
  }),
  (n) => ({
    text: `WITH w AS (UPDATE a SET v = v + 1 WHERE id IN (SELECT id FROM a ORDER BY random() LIMIT ${n}
      FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT count(*) AS n0 FROM w`,
    keys: ['a UPDATE'],
  }),
  (n) => ({
    text: `WITH w AS (INSERT INTO a (id, v) SELECT i, 0 FROM generate_series(1000000 + ${n} * 10, 1000003 + ${n} * 10) i
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
    text: `WITH w AS (UPDATE c SET v = 1 - least(v, 1) WHERE ctid = ANY (ARRAY(SELECT ctid FROM ONLY c0
      LIMIT ${n} FOR UPDATE SKIP LOCKED)) AND tableoid = 'c0'::regclass RETURNING 1) SELECT count(*) AS n0 FROM w`,
    keys: ['c UPDATE'],
  }),
  (n) => ({
    text: `WITH w AS (INSERT INTO c0 SELECT i, 0 FROM generate_series(1, ${n}) i RETURNING 1)
      SELECT count(*) AS n0 FROM w`,
    keys: ['c INSERT'],
  }),
];

/** One statement; undone to a savepoint, it counts nothing. */
async function act(session: Session, random: () => number, counts: Counts): Promise<void> {
  const action = ACTIONS[Math.floor(random() * ACTIONS.length)]?.(1 + Math.floor(random() * 9));
  if (action === undefined) throw new Error('there is an action for each number');
  const undone = random() < 0.25;
  await session.sql('SAVEPOINT s');
  const [row] = await session.rows<Record<string, string>>(action.text);
  await session.sql(undone ? 'ROLLBACK TO s' : 'RELEASE s');
  if (undone) return;
  for (const [i, key] of action.keys.entries()) add(counts, key, Number(row?.[`n${i}`]));
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

async function write(world: Sandbox, client: number, random: () => number): Promise<void> {
  const session = await world.session();
  await session.sql(`SET deadlock_timeout = '50ms'`);
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = `${client}.${round}`;
    const counts: Counts = new Map();
    try {
      await session.sql('BEGIN');
      if (random() < 0.15) await actLocked(session, random, counts);
      for (let i = Math.floor(random() * 5); i >= 0; i -= 1) await act(session, random, counts);
      const values = [...counts, ['', 0] as const].map(([key, rows]) => {
        const [table = '', verb = ''] = key.split(' ');
        return `('${writer}', '${table}', '${verb}', ${rows})`;
      });
      await session.sql(`INSERT INTO oracle VALUES ${values.join(', ')}`);
      const end = random();
      if (end < 0.2) await session.sql('ROLLBACK');
      else if (end < 0.4) {
        await session.sql(`PREPARE TRANSACTION '${writer}'`);
        await new Promise((resolve) => setTimeout(resolve, random() * 60));
        await session.sql(`${end < 0.27 ? 'ROLLBACK' : 'COMMIT'} PREPARED '${writer}'`);
      } else await session.sql('COMMIT');
    } catch (error) {
      if (!/deadlock|could not serialize/.test(String(error))) throw error;
      await session.db.execute('ROLLBACK');
    }
  }
}

test('every interval has exactly what its transactions did, folded or not', async () => {
  const seed = Number(process.env['IMAT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  await inWorld(SETUP, async (world) => {
    const prepared = await world.value<string>('SHOW max_prepared_transactions');
    expect(Number(prepared), inject('postgresUrl')).toBeGreaterThanOrEqual(CLIENTS);
    await world.sql(`SELECT imat.create_group('g', ARRAY['a', 'b', 'c']::regclass[], '{}', 'm0')`);
    await world.sql(`SELECT imat.create_group('h', ARRAY['a', 'c']::regclass[], '{}', 'm0')`);
    // The numbers that the mark's statement sees: committed ones, in one READ COMMITTED function.
    await world.sql(`CREATE FUNCTION mark(name text) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE taken pg_snapshot; BEGIN
        PERFORM imat.set_mark('g', name);
        SELECT snapshot INTO taken FROM imat_catalog.moment o
          JOIN imat_catalog.change_group g ON g.id = o.group_id
          WHERE o.mark = name AND g.name = 'g';
        CREATE TEMP TABLE IF NOT EXISTS marked (name text, snapshot pg_snapshot);
        INSERT INTO marked VALUES (name, taken);
      END $$`);
    let writing = true;
    const marks = ['m0'];
    const marker = (async (): Promise<void> => {
      const session = await world.session();
      while (writing) {
        const mark = `m${marks.length}`;
        await session.sql(`SELECT imat.set_mark('g', '${mark}')`);
        marks.push(mark);
        if (marks.length % 7 === 0) await session.sql(`SELECT imat.set_mark('h')`);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    const folder = (async (): Promise<void> => {
      const session = await world.session();
      while (writing) {
        await session.sql('SELECT imat.fold_counts()');
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    try {
      await Promise.all(
        Array.from({ length: CLIENTS }, (_, i) => write(world, i, generator(seed + i))),
      );
    } finally {
      writing = false;
      await Promise.all([marker, folder]);
    }
    await checkAll(world, marks, seed);
  });
}, 300_000);
