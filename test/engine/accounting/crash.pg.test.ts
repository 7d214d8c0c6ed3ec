/**
 * Statistics under eight clients while the server dies: each transaction stores its own counts, so
 * they are there if it has committed, whether its client heard of that or not. Prepared
 * transactions outlive the server; marks are set and counters folded meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { createImat } from '../../../engine/index.ts';
import { chanceOf, type Chance } from '../../../tools/chance.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { seedOfRun } from '../../setup/seed.ts';

const CLIENTS = 8;
const DEATHS = 3;
const BETWEEN_DEATHS_MS = 2_500;
const SEED = seedOfRun();

let server: PostgresServer | null = null;
const running = (): PostgresServer => server ?? expect.fail('it is not running');
beforeAll(async () => {
  server = await startPostgres({});
});
afterAll(() => server?.stop());

let isOver = false;

/** Does one piece of work after another; connects again where the server was gone. */
async function keepAtIt(work: (client: pg.Client) => Promise<void>): Promise<void> {
  while (!isOver) {
    const client = new pg.Client({ connectionString: running().url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      while (!isOver) await work(client);
    } catch (error) {
      const { code = '' } = error as { code?: string };
      const isGone = /^(?:57P0|08|E[A-Z])/.test(code) || code === '';
      if (!isGone && code !== '40P01') throw error;
      await sleep(20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

const STATEMENTS = {
  INSERT: 'INSERT INTO t SELECT i, 0 FROM generate_series(1, $1::int) AS i',
  UPDATE: `UPDATE t SET v = v + 1 WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM t LIMIT $1::int FOR UPDATE SKIP LOCKED))`,
  DELETE: `DELETE FROM t WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM t LIMIT $1::int FOR UPDATE SKIP LOCKED))`,
} as const;

/** Who sets a mark keeps all from committing, to know which side each transaction is on. */
const LEAVE = 'SELECT pg_advisory_xact_lock_shared(1)';

async function write(client: pg.Client, chance: Chance, name: string): Promise<void> {
  await client.query('BEGIN');
  for (let left = chance.int(1, 4); left > 0; left--) {
    const verb = chance.pick(['INSERT', 'INSERT', 'UPDATE', 'DELETE'] as const);
    await client.query('SAVEPOINT s');
    const { rowCount } = await client.query(STATEMENTS[verb], [chance.int(1, 9)]);
    if (chance.in100(20)) await client.query('ROLLBACK TO s');
    else await client.query('INSERT INTO oracle VALUES ($1, $2, $3)', [name, verb, rowCount ?? 0]);
  }
  const end = chance.int(1, 100);
  if (end <= 15) await client.query('ROLLBACK');
  else if (end <= 30) await client.query(`PREPARE TRANSACTION '${name}'`);
  else await client.query(`${LEAVE}; COMMIT`);
}

/** Ends what was prepared, by whom it may be. */
async function endPrepared(client: pg.Client, chance: Chance): Promise<void> {
  const { rows } = await client.query<{ gid: string }>('SELECT gid FROM pg_prepared_xacts');
  for (const { gid } of rows) {
    await client.query('SELECT pg_advisory_lock_shared(1)');
    await client.query(`${chance.in100(70) ? 'COMMIT' : 'ROLLBACK'} PREPARED '${gid}'`);
    await client.query('SELECT pg_advisory_unlock_shared(1)');
  }
  await sleep(30);
}

async function setMark(client: pg.Client, mark: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock(1)');
  await client.query(`INSERT INTO seen SELECT DISTINCT '${mark}', writer FROM oracle`);
  await client.query(`SELECT imat.set_mark('g', '${mark}')`);
  await client.query('SELECT pg_advisory_unlock(1)');
  await sleep(300);
}

/** The rows by verb between marks, as they are counted and as the writers have noted them. */
const COUNTED = `SELECT stat_verb AS verb, sum(stat_rows)::int AS n
  FROM imat.detailed_log_stat_group('g', $1, $2) GROUP BY 1 ORDER BY 1`;
const NOTED = `SELECT verb, sum(n)::int AS n FROM oracle o
  WHERE n > 0 AND NOT EXISTS (SELECT FROM seen s WHERE s.mark = $1 AND s.writer = o.writer)
    AND ($2::text IS NULL
      OR EXISTS (SELECT FROM seen s WHERE s.mark = $2 AND s.writer = o.writer))
  GROUP BY 1 ORDER BY 1`;

async function expectExact(client: pg.Client, marks: readonly string[], when: string) {
  for (const [at, first] of marks.entries())
    for (const last of [marks[at + 1] ?? null, null]) {
      const [counted, noted] = [
        (await client.query(COUNTED, [first, last])).rows,
        (await client.query(NOTED, [first, last])).rows,
      ];
      expect(counted, `${when}, ${first} to ${last}, IMAT_SEED=${SEED}`).toEqual(noted);
    }
}

test(`eight clients, and the server dies ${DEATHS} times`, async () => {
  const db = await connectDb({ kind: 'url', url: running().url });
  await createImat(db).init();
  await db.execute(`SET search_path = public;
    CREATE TABLE t (id int, v int);
    CREATE TABLE oracle (writer text, verb text, n int);
    CREATE TABLE seen (mark text, writer text, PRIMARY KEY (mark, writer));
    SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'm0')`);
  await db.close();

  let [transaction, mark] = [0, 0];
  const workers = [
    ...Array.from({ length: CLIENTS }, (_, index) => {
      const chance = chanceOf(SEED * 100 + index);
      return keepAtIt((client) => write(client, chance, `${index}.${(transaction += 1)}`));
    }),
    keepAtIt((client) => endPrepared(client, chanceOf(SEED * 100 + CLIENTS))),
    keepAtIt((client) => setMark(client, `m${(mark += 1)}`)),
    keepAtIt(async (client) => {
      await client.query('SELECT imat.fold_counts()');
      await sleep(15);
    }),
  ];
  for (let death = 0; death < DEATHS; death++) {
    await sleep(BETWEEN_DEATHS_MS);
    await running().restart('immediate');
  }
  await sleep(BETWEEN_DEATHS_MS);
  isOver = true;
  await Promise.all(workers);

  const client = new pg.Client({ connectionString: running().url });
  await client.connect();
  await endPrepared(client, chanceOf(SEED));
  const { rows } = await client.query<{ mark: string }>(
    `SELECT mark_name AS mark FROM imat.list_marks('g') ORDER BY mark_time_id`,
  );
  const marks = rows.map((row) => row.mark);
  expect(marks.length).toBeGreaterThan(DEATHS * 2);
  await expectExact(client, marks, 'as it is');
  await client.query('SELECT imat.fold_counts()');
  await expectExact(client, marks, 'folded');
  await client.end();
}, 180_000);
