/**
 * Counts that several writers change at once: states of a queue, tags of posts. Hand-written
 * trigger tables deadlock on these.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomOf } from '../../../tools/random.ts';
import type { Random } from '../../../tools/random.ts';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const QUEUE = `
CREATE TABLE ingest (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL,
  kind text NOT NULL, claimed_at timestamptz);
INSERT INTO ingest (state, kind) SELECT 's' || i % 5, 'k' || i % 7
  FROM generate_series(1, 2000) AS i;`;
const TAGS = `
CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL UNIQUE, category text);
CREATE TABLE post (id int PRIMARY KEY, safe bool);
CREATE TABLE post_tag (post_id int REFERENCES post ON DELETE CASCADE,
  tag_id int REFERENCES tag ON DELETE CASCADE, PRIMARY KEY (post_id, tag_id));
INSERT INTO tag SELECT i, 't' || i, 'c' || i % 3 FROM generate_series(1, 60) AS i;
INSERT INTO post SELECT i, i % 2 = 0 FROM generate_series(1, 400) AS i;
INSERT INTO post_tag SELECT p, t FROM generate_series(1, 400) AS p, generate_series(1, 60) AS t
  WHERE p * t % 17 = 0;`;

const COUNTS = {
  name: 'ingest_counts',
  definition: `SELECT state, kind, count(*) AS n, count(claimed_at) AS claimed
    FROM public.ingest GROUP BY state, kind`,
};
const USAGE = [
  {
    name: 'usage',
    definition: `SELECT t.id, t.name, t.category, count(*) AS n FROM public.tag t
      JOIN public.post_tag pt ON pt.tag_id = t.id GROUP BY t.id, t.name, t.category`,
  },
  {
    name: 'usage_all',
    definition: `SELECT t.id, t.name, count(pt.post_id) AS n FROM public.tag t
      LEFT JOIN public.post_tag pt ON pt.tag_id = t.id GROUP BY t.id, t.name`,
  },
  {
    name: 'safe_usage',
    definition: `SELECT t.category, p.safe, count(*) AS n, count(DISTINCT p.id) AS posts
      FROM public.tag t JOIN public.post_tag pt ON pt.tag_id = t.id
      JOIN public.post p ON p.id = pt.post_id GROUP BY 1, 2`,
  },
];

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(QUEUE + TAGS);
});
afterEach(() => world.drop());

/** Eight clients, each with a number of transactions of its own; none may fail. */
async function eightClients(
  transactions: number,
  transactionOf: (random: Random) => string,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 8 }, () => world.session()));
  await Promise.all(
    clients.map(async (client, index) => {
      const random = randomOf(index);
      for (let n = 0; n < transactions; n++) await client.sql(transactionOf(random));
    }),
  );
}

const deadlocks = (): Promise<string> =>
  world.value<string>('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');

test('state changes of many rows do not deadlock on the counts', async () => {
  expect((await world.imat.create(COUNTS.name, COUNTS.definition)).strategy).toBe('delta');
  // The rows are locked in the order of their ids, so that writers do not deadlock by themselves.
  await eightClients(40, (random) => {
    const from = random.below(1970);
    return `BEGIN;
      SELECT FROM ingest WHERE id BETWEEN ${from} AND ${from + 25} ORDER BY id FOR UPDATE;
      UPDATE ingest SET state = 's${random.below(5)}' WHERE id BETWEEN ${from} AND ${from + 25};
      INSERT INTO ingest (state, kind) SELECT 's' || i % 5, 'k' || i % 7
        FROM generate_series(${from}, ${from + 5}) AS i;
      COMMIT`;
  });
  expect(await deadlocks()).toBe('0');
  await expectExact(world, COUNTS);
  await foldAll(world.imat);
  await expectExact(world, COUNTS);
});

test('replacing the tags of posts does not deadlock, and cascades count', async () => {
  for (const { name, definition } of USAGE) await world.imat.create(name, definition);
  await eightClients(30, (random) => {
    const post = 1 + random.below(400);
    const step = 1 + random.below(12);
    return `BEGIN; SELECT FROM post WHERE id = ${post} FOR UPDATE;
      DELETE FROM post_tag WHERE post_id = ${post};
      INSERT INTO post_tag SELECT ${post}, t FROM generate_series(1, 60, ${step}) AS t;
      COMMIT`;
  });
  expect(await deadlocks()).toBe('0');
  await expectExact(world, USAGE);
  await world.sql(`DELETE FROM post WHERE id % 10 = 0; DELETE FROM tag WHERE id = 3;
    UPDATE tag SET category = 'cx' WHERE id % 7 = 0`);
  await expectExact(world, USAGE);
});
