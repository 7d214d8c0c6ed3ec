/** Definitions that list the values of an enum: one that is added changes the answer. */
import { expect, test } from 'vitest';
import type { Subject } from './support/bench.ts';
import { FOLD, useBench } from './support/bench.ts';
import { oneOf, random, randomSteps } from './support/random.ts';

const bench = useBench(`
  CREATE TYPE frame AS ENUM ('day', 'week', 'year');
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE TABLE post (id int, topic int);
  CREATE TABLE metric (post int, frame frame, mood mood, hearts int);
  CREATE FUNCTION frames() RETURNS frame[] STABLE LANGUAGE sql
    AS 'SELECT enum_range(NULL::public.frame)';
`);

const TABLES = [
  { table: 'post', columns: { id: oneOf('1', '2', '3', '4'), topic: oneOf('1', '2') } },
  {
    table: 'metric',
    columns: {
      post: oneOf('1', '2', '3', '4'),
      frame: oneOf(`'day'`, `'week'`, `'year'`),
      mood: oneOf(`'sad'`, `'happy'`),
      hearts: oneOf('0', '1', '2', '5'),
    },
  },
];

const FRAMES = '(SELECT unnest(enum_range(NULL::frame)) AS frame) f';
const DEFINITIONS = [
  `SELECT p.id, f.frame, coalesce(m.hearts, 0) AS hearts FROM post p CROSS JOIN ${FRAMES}
    LEFT JOIN metric m ON m.post = p.id AND m.frame = f.frame`,
  `SELECT q.id, max(q.place) FILTER (WHERE q.frame = 'week') AS place, count(*) AS frames FROM (
      SELECT p.id, f.frame, rank() OVER (PARTITION BY f.frame ORDER BY m.hearts) AS place
      FROM post p CROSS JOIN ${FRAMES}
        LEFT JOIN metric m ON m.post = p.id AND m.frame = f.frame) q
    GROUP BY q.id`,
  `SELECT post, frame = enum_last(NULL::frame) AS is_last, sum(hearts) AS hearts FROM metric
    GROUP BY 1, 2`,
  `SELECT topic, array_length(enum_range(enum_first(NULL::frame), NULL), 1) AS n, count(*) AS c
    FROM post GROUP BY topic`,
  'SELECT unnest(enum_range(NULL::frame)) AS frame',
  `SELECT mood::text AS mood, count(*) AS n, min(frame) AS f FROM metric
    WHERE frame = ANY (enum_range(NULL::frame)) GROUP BY mood`,
];

test('values that are added change the answer', async () => {
  for (const definition of DEFINITIONS)
    expect((await bench.convert(definition)).converted.strategy, definition).toBe('delta');
  const history = (seed: number): string[] =>
    Array.from({ length: 10 }, (_, at) => randomSteps(random(seed * 50 + at), TABLES)).flat();
  await bench.run(history(1));
  await bench.run([`ALTER TYPE frame ADD VALUE 'month' BEFORE 'year'`, ...history(2)]);
  await bench.run([
    FOLD,
    `ALTER TYPE frame ADD VALUE 'ever'`,
    FOLD,
    `UPDATE metric SET frame = 'ever' WHERE frame = 'day'`,
    FOLD,
  ]);
  await bench.run([`ALTER TYPE frame RENAME VALUE 'week' TO 'seven days'`, FOLD]);
  await bench.run([`ALTER TYPE mood RENAME VALUE 'sad' TO 'low'`, FOLD]);
  await bench.run([
    `ALTER TYPE frame RENAME VALUE 'seven days' TO 'week'`,
    `ALTER TYPE mood RENAME VALUE 'low' TO 'sad'`,
    ...history(3),
  ]);
});

test('a snapshot from before a value was added sees what the definition gives it', async () => {
  const subjects: Subject[] = [];
  for (const definition of DEFINITIONS) subjects.push(await bench.convert(definition));
  await bench.run([`INSERT INTO post VALUES (1, 1), (2, 1)`, FOLD]);
  const before = await bench.connect();
  await before.execute('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await before.query('SELECT count(*) FROM post');
  await bench.user.execute(`ALTER TYPE frame ADD VALUE 'decade'`);
  for (const subject of subjects) await bench.check(subject, before);
  await bench.run([FOLD, 'INSERT INTO post VALUES (3, 2)']);
  for (const subject of subjects) await bench.check(subject, before);
  await before.execute('COMMIT');
  await before.close();
});

test('a body that lists them is not read', async () => {
  await bench.convert('SELECT id, f FROM post, unnest(frames()) f', { strategy: 'swap' });
});
