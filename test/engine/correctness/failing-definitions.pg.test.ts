/**
 * A definition that fails for a row: writers never notice, `imat.<name>` fails as the definition
 * does, and both give the answer again when the row has gone, whether or not somebody tried to fold
 * in between.
 */
import { describe, expect, test } from 'vitest';
import type { Subject } from './support/bench.ts';
import { FOLD, failureOf, useBench } from './support/bench.ts';

const bench = useBench(`
  CREATE TABLE v (id int PRIMARY KEY, g int, x int, y int, t text);
  CREATE TABLE w (g int, d int);
  CREATE TABLE span (id int PRIMARY KEY, since timestamp, until timestamp, due date, word text);
  CREATE DOMAIN small AS int CHECK (VALUE < 100);
  CREATE FUNCTION even(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN
    IF n % 2 = 1 THEN RAISE 'odd' USING ERRCODE = 'UE123'; END IF;
    RETURN n;
  END $$;
  CREATE TABLE valued (id int PRIMARY KEY, d small);
`);

type Case = {
  readonly name: string;
  readonly definition: string;
  readonly poison: string;
  readonly sqlstate: string;
};

const CASES: readonly Case[] = [
  {
    name: 'a value that its domain refuses',
    definition: 'SELECT (x * 10)::public.small AS k, count(*) AS n FROM v GROUP BY 1',
    poison: 'INSERT INTO v VALUES (9, 1, 10, 1)',
    sqlstate: '23514',
  },
  {
    name: 'a subquery with two rows',
    definition: 'SELECT v.id, (SELECT s.since FROM span s WHERE s.word = v.t) AS since FROM v',
    poison: "INSERT INTO span (id, word) VALUES (9, '5'), (10, '5')",
    sqlstate: '21000',
  },
  {
    name: 'a code that a function has chosen',
    definition:
      'SELECT public.even(y * 2 + x % 2) AS k, count(*) AS n FROM v WHERE g > 0 GROUP BY 1',
    poison: 'INSERT INTO v VALUES (9, 1, 1, 1)',
    sqlstate: 'UE123',
  },
  {
    name: 'a division by zero in an argument',
    definition: 'SELECT g, sum(x / y) AS s FROM v GROUP BY g',
    poison: 'INSERT INTO v VALUES (9, 1, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'an overflow in an argument',
    definition: 'SELECT g, sum(x * y) AS s FROM v GROUP BY g',
    poison: 'INSERT INTO v VALUES (9, 1, 2147483647, 2)',
    sqlstate: '22003',
  },
  {
    name: 'a bad cast in a key',
    definition: 'SELECT t::int AS k, count(*) AS n FROM v GROUP BY t::int',
    poison: "INSERT INTO v VALUES (9, 1, 1, 1, 'x')",
    sqlstate: '22P02',
  },
  {
    name: 'a division by zero in a filter',
    definition: 'SELECT g, count(*) AS n FROM v WHERE 10 / y > 1 GROUP BY g',
    poison: 'INSERT INTO v VALUES (9, 1, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'a division by zero in a FILTER',
    definition: 'SELECT count(*) FILTER (WHERE 10 / y > 1) AS n FROM v',
    poison: 'INSERT INTO v VALUES (9, 1, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'a division by zero in a row',
    definition: 'SELECT id, x / y AS q FROM v',
    poison: 'INSERT INTO v VALUES (9, 1, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'a division by zero over a join',
    definition: 'SELECT w.g, sum(v.x / w.d) AS s FROM v JOIN w ON w.g = v.g GROUP BY w.g',
    poison: 'INSERT INTO w VALUES (1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'a division by zero over a self-join',
    definition: 'SELECT a.g, sum(a.x / b.y) AS s FROM v a JOIN v b ON a.g = b.g GROUP BY a.g',
    poison: 'INSERT INTO v VALUES (9, 1, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'an overflow of the aggregate itself',
    definition: 'SELECT sum(x::float8 * 1e299) AS s FROM v',
    poison: 'INSERT INTO v VALUES (9, 1, 1000000000, 1), (10, 1, 1000000000, 1)',
    sqlstate: '22003',
  },
  {
    name: 'an overflow of a real sum',
    definition: 'SELECT g, sum(x::real * 1e30::real) AS s FROM v GROUP BY g',
    poison: 'INSERT INTO v VALUES (9, 1, 300000000, 1), (10, 1, 300000000, 1)',
    sqlstate: '22003',
  },
  {
    name: 'a division by zero over aggregates',
    definition: 'SELECT g, sum(x) / sum(y) AS s FROM v GROUP BY g',
    poison: 'INSERT INTO v VALUES (9, 7, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'a division by zero in HAVING',
    definition: 'SELECT g, sum(x) AS s FROM v GROUP BY g HAVING 10 / sum(y) >= 0',
    poison: 'INSERT INTO v VALUES (9, 7, 1, 0)',
    sqlstate: '22012',
  },
  {
    name: 'an overflow in a cast of the result',
    definition: 'SELECT g, sum(x)::smallint AS s FROM v GROUP BY g',
    poison: 'INSERT INTO v VALUES (9, 1, 100000, 0)',
    sqlstate: '22003',
  },
  {
    name: 'an infinite time taken from another',
    definition: 'SELECT id, until - since AS d FROM span',
    poison: "INSERT INTO span VALUES (9, 'infinity', 'infinity')",
    sqlstate: '22008',
  },
  {
    name: 'an infinite date in an argument',
    definition: "SELECT max(due - '2024-01-01'::date) AS d FROM span",
    poison: "INSERT INTO span (id, due) VALUES (9, 'infinity')",
    sqlstate: '22008',
  },
  {
    name: 'a place that is zero',
    definition: "SELECT split_part(t, ',', y) AS p, count(*) AS n FROM v GROUP BY 1",
    poison: "INSERT INTO v VALUES (9, 1, 1, 0, 'a')",
    sqlstate: '22023',
  },
  {
    name: 'a pattern that ends in a backslash',
    definition: "SELECT id, 'days' LIKE word AS l FROM span",
    poison: "INSERT INTO span (id, word) VALUES (9, 'day\\')",
    sqlstate: '22025',
  },
  {
    name: 'a time zone that is none',
    definition: 'SELECT id, since AT TIME ZONE word AS at FROM span',
    poison: "INSERT INTO span VALUES (9, '2024-01-01', NULL, NULL, 'Nowhere')",
    sqlstate: '22023',
  },
  {
    name: 'a field that is none',
    definition: 'SELECT date_trunc(word, until) AS t, count(*) AS n FROM span GROUP BY 1',
    poison: "INSERT INTO span VALUES (9, NULL, '2024-01-01', NULL, 'daily')",
    sqlstate: '22023',
  },
];

const ANTIDOTE = `DELETE FROM v WHERE id >= 9; DELETE FROM w WHERE d = 0;
  DELETE FROM span WHERE id >= 9`;

async function start(definition: string): Promise<Subject> {
  await bench.user.execute(
    `TRUNCATE v, w, span;
     INSERT INTO v
     VALUES (1, 1, 4, 2, '5'), (2, 1, 6, 3, '5'), (3, 2, 8, 4, '6'), (4, NULL, 1, 1, NULL);
     INSERT INTO w VALUES (1, 2), (2, 4)`,
  );
  return bench.convert(definition);
}

async function expectFailure(subject: Subject, sqlstate: string): Promise<void> {
  expect(await failureOf(bench.user, subject.definition)).toBe(sqlstate);
  expect(await failureOf(bench.user, `SELECT * FROM ${subject.relation}`)).toBe(sqlstate);
}

const folded = async (subject: Subject): Promise<boolean> =>
  bench.imat.fold(subject.name).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ condition: 'definition_failed' });
      return false;
    },
  );

describe('a definition that fails for a row', () => {
  for (const { name, definition, poison, sqlstate } of CASES) {
    test(`${name}: recovers when the row has gone before anybody folded`, async () => {
      const subject = await start(definition);
      await bench.user.execute(poison);
      await expectFailure(subject, sqlstate);
      await bench.user.execute(ANTIDOTE);
      await bench.check(subject);
      await bench.imat.fold(subject.name);
      await bench.check(subject);
    });

    test(`${name}: recovers after folds were tried`, async () => {
      const subject = await start(definition);
      await bench.user.execute(poison);
      await folded(subject);
      await expectFailure(subject, sqlstate);
      // Others go on writing.
      await bench.user.execute(
        `INSERT INTO v VALUES (5, 2, 2, 1, 7);
         UPDATE v SET x = x + 2 WHERE id = 1;
         INSERT INTO w VALUES (2, 1)`,
      );
      await folded(subject);
      await bench.user.execute(ANTIDOTE);
      await bench.imat.fold(subject.name);
      await bench.check(subject);
      await bench.user.execute('UPDATE v SET g = 1, y = y + 1 WHERE id <= 3');
      await bench.check(subject);
    });
  }

  test('a row that fails only together with one that has gone', async () => {
    const subject = await start(
      'SELECT w.g, sum(v.x / w.d) AS s FROM v JOIN w ON w.g = v.g GROUP BY w.g',
    );
    await bench.user.execute(
      'BEGIN; DELETE FROM v WHERE g = 2; INSERT INTO w VALUES (2, 0); COMMIT',
    );
    await bench.imat.fold(subject.name);
    await bench.check(subject);
    await bench.user.execute('INSERT INTO v VALUES (6, 1, 2, 1)');
    await bench.check(subject);
  });

  test.each([
    [
      'added up',
      `SELECT w.g, sum(v.x) AS s FROM v JOIN w ON w.g = v.g AND 99 / (v.x + w.d) > 1
      GROUP BY w.g`,
    ],
    ['rows', 'SELECT w.g, v.id FROM v, w WHERE w.g = v.g AND 99 / (v.x + w.d) > 1'],
    [
      'of three tables',
      `SELECT a.id, b.id AS i FROM v a JOIN w ON w.g = a.g
        JOIN v b ON b.g = a.g AND 99 / (b.x + w.d) > 0`,
    ],
    [
      'of four tables',
      `SELECT a.id, b.id AS i FROM v a JOIN w ON w.g = a.g JOIN w c ON c.g = a.g
        JOIN v b ON b.g = a.g AND 99 / (b.x + w.d) > 0`,
    ],
    [
      'of one table twice',
      `SELECT a.id, b.id AS i FROM v a JOIN v b ON a.g = b.g
      WHERE a.id <> b.id AND 99 / (a.x - b.x) > 0`,
    ],
  ])(
    'a condition that fails for a row with one that was never there at once: %s',
    async (_, text) => {
      await start(text);
      await bench.run([
        'INSERT INTO w VALUES (9, 0)',
        'INSERT INTO v VALUES (18, 9, -5, 1), (19, 3, 17, 1)',
        FOLD,
        'BEGIN',
        'DELETE FROM w WHERE g = 9; DELETE FROM v WHERE id IN (18, 19)',
        'INSERT INTO w VALUES (9, 5)',
        'INSERT INTO v VALUES (20, 9, 20, 1), (21, 3, 17, 1), (22, 3, 30, 1)',
        'COMMIT',
        FOLD,
        'UPDATE v SET g = 9 WHERE id = 21',
      ]);
      expect.hasAssertions();
    },
  );

  test('a failure inside a transaction that is rolled back leaves nothing behind', async () => {
    const subject = await start('SELECT g, sum(x / y) AS s FROM v GROUP BY g');
    await bench.user.execute('BEGIN; INSERT INTO v VALUES (9, 1, 1, 0)');
    await bench.check(subject, bench.observer);
    await bench.imat.fold(subject.name);
    await bench.user.execute('ROLLBACK');
    await bench.check(subject);
  });

  test('what is stored has a value that a domain no longer allows: a repair', async () => {
    await bench.user.execute('INSERT INTO valued VALUES (1, 5), (2, 7)');
    const subject = await bench.convert('SELECT d, count(*) AS n FROM valued GROUP BY d');
    await bench.user.execute(
      `ALTER DOMAIN small ADD CONSTRAINT other CHECK (VALUE <> 7) NOT VALID;
       UPDATE valued SET d = 8 WHERE d = 7`,
    );
    await bench.check(subject);
    await expect(bench.imat.fold(subject.name)).rejects.toMatchObject({
      condition: 'definition_failed',
      hint: expect.stringContaining(`imat repair ${subject.name} helps.`) as string,
    });
    await bench.imat.repair(subject.name);
    await bench.check(subject);
    await bench.user.execute('INSERT INTO valued VALUES (3, 9)');
    await bench.imat.fold(subject.name);
    await bench.check(subject);
  });
});
