/**
 * Values at the edge of their types: what is maintained must neither drift, nor overflow where the
 * definition does not.
 */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from './support/bench.ts';

const bench = useBench('');

async function tableOf(type: string): Promise<void> {
  await bench.user.execute(
    `DROP TABLE IF EXISTS v; CREATE TABLE v (id int PRIMARY KEY, g int, x ${type}, y ${type})`,
  );
}

describe('extreme values', () => {
  test('intervals that are equal and look different change the sum', async () => {
    await tableOf('interval');
    await bench.convert('SELECT g, sum(x) AS s, avg(x) AS a FROM v GROUP BY g');
    const [first, second, third] = ["'1 month'", "'30 days'", "'720:00:00'"];
    await bench.run([
      `INSERT INTO v VALUES (1, 1, ${first})`,
      FOLD,
      `UPDATE v SET x = ${second}`,
      FOLD,
      `UPDATE v SET x = ${third}`,
      FOLD,
      `UPDATE v SET x = ${first}`,
      FOLD,
    ]);
  });

  test('intervals of thousands of years come and go exactly', async () => {
    await tableOf('interval');
    await bench.convert('SELECT sum(x) AS s, avg(x) AS a FROM v');
    await bench.run([
      `INSERT INTO v VALUES (1, 1, '1000000000:00:00.000001'), (2, 1, '00:00:00.000003')`,
      FOLD,
      'UPDATE v SET g = 2 WHERE id = 1',
      FOLD,
      'DELETE FROM v WHERE id = 2',
      FOLD,
      `UPDATE v SET x = '-1000000000:00:00.000007'`,
      FOLD,
      'DELETE FROM v',
    ]);
  });

  test('infinite intervals, where the server has them', async () => {
    const [row] = await bench.user.query<{ version: number }>(
      `SELECT current_setting('server_version_num')::int AS version`,
    );
    await tableOf('interval');
    await bench.convert('SELECT g, sum(x) AS s, avg(x) AS a, count(x) AS n FROM v GROUP BY g');
    const infinite = (row?.version ?? 0) >= 170_000;
    const [plus, minus] = infinite ? ["'infinity'", "'-infinity'"] : ["'1 year'", "'-1 year'"];
    await bench.run([
      `INSERT INTO v VALUES (1, 1, ${plus}), (2, 1, '1 day'), (3, 2, ${minus}), (4, 2, ${minus})`,
      FOLD,
      'DELETE FROM v WHERE id = 1',
      FOLD,
      `UPDATE v SET x = '2 days' WHERE id = 3`,
      FOLD,
      'DELETE FROM v WHERE id = 4',
      FOLD,
    ]);
  });

  test('numerics with thousands of decimals', async () => {
    await tableOf('numeric');
    await bench.convert('SELECT g, sum(x) AS s, avg(x) AS a FROM v GROUP BY g');
    await bench.run([
      'INSERT INTO v VALUES (1, 1, 1.5), (2, 1, 1e-2000), (3, 1, 1e-16383)',
      FOLD,
      'DELETE FROM v WHERE id = 3',
      FOLD,
      'DELETE FROM v WHERE id = 2',
      FOLD,
    ]);
  });

  test('numerics with more decimals than are counted: right, with zeros at the end', async () => {
    await tableOf('numeric');
    await bench.convert('SELECT g, sum(x) AS s, avg(x) AS a FROM v GROUP BY g', {
      ambiguous: ['s', 'a'],
    });
    await bench.run([
      'INSERT INTO v VALUES (1, 1, 1.5), (2, 1, 1e-16383), (3, 1, 1e-10922), (4, 1, 1e-10921)',
      FOLD,
      'DELETE FROM v WHERE id = 2',
      FOLD,
      'DELETE FROM v WHERE id = 3',
      FOLD,
      'DELETE FROM v WHERE id = 4',
      FOLD,
    ]);
  });

  test('numerics with a hundred thousand digits', async () => {
    await tableOf('numeric');
    await bench.convert('SELECT g, sum(x) AS s, avg(x) AS a FROM v GROUP BY g');
    await bench.convert('SELECT g, stddev(x) AS s, var_pop(x) AS a FROM v GROUP BY g');
    await bench.run([
      'INSERT INTO v VALUES (1, 1, 1e60000), (2, 1, 1e-7), (3, 1, -1e60000)',
      FOLD,
      'DELETE FROM v WHERE id = 3',
      FOLD,
      'DELETE FROM v WHERE id = 1',
      FOLD,
    ]);
  });

  test('a standard deviation at a tie of its last digit', async () => {
    await tableOf('int8');
    await bench.convert(
      'SELECT g, stddev_pop(x) AS p, stddev(x) AS s, stddev_pop(x / 3.0) AS d FROM v GROUP BY g',
    );
    await bench.run([
      `INSERT INTO v
       VALUES (1, 1, -217), (2, 1, -2147483648), (3, 2, 9223372036854775807),
         (4, 2, -9223372036854775808), (5, 3, 4611686018427387903), (6, 3, 0)`,
      FOLD,
      'INSERT INTO v SELECT n, n, 10 ^ (n % 18), 1 FROM generate_series(10, 60) n',
      `INSERT INTO v
       SELECT n + 100, n, 10 ^ (n % 18) + 2 * n + 1, 1 FROM generate_series(10, 60) n`,
      FOLD,
    ]);
  });

  test('float sums do not drift', async () => {
    await tableOf('float8');
    await bench.convert('SELECT g, sum(x) AS s, avg(x) AS a, stddev(x) AS d FROM v GROUP BY g');
    await bench.run([
      'INSERT INTO v SELECT n, n % 2, n * 0.1 FROM generate_series(1, 1000) n',
      FOLD,
    ]);
    for (let round = 0; round < 5; round++) {
      await bench.run([
        `UPDATE v SET x = x + 0.3 WHERE id % 3 = ${round % 3}`,
        FOLD,
        `UPDATE v SET x = x - 0.3 WHERE id % 3 = ${round % 3}`,
        FOLD,
      ]);
    }
    await bench.run(['DELETE FROM v WHERE id > 1', FOLD, 'UPDATE v SET x = 0.1']);
    expect(await bench.user.query('SELECT s, a FROM imat.subject_1')).toEqual([
      { s: '0.1', a: '0.1' },
    ]);
  });

  test('floats next to the largest and the smallest there are', async () => {
    await tableOf('float8');
    await bench.convert('SELECT g, count(x) AS n, sum(x) AS s FROM v GROUP BY g');
    await bench.run([
      'INSERT INTO v VALUES (1, 1, 1.7e308), (2, 2, 4.9e-324), (3, 2, 2.3e-308), (4, 3, -1.7e308)',
      FOLD,
      'UPDATE v SET g = 1',
      FOLD,
      'DELETE FROM v WHERE id = 1',
      FOLD,
    ]);
  });

  test('pairs whose squares neither fit a float nor matter', async () => {
    await tableOf('float8');
    await bench.convert(
      `SELECT g, corr(y, x) AS c, regr_r2(y, x) AS r, regr_slope(y, x) AS s,
         regr_intercept(y, x) AS i, covar_pop(y, x) AS p
       FROM v
       GROUP BY g`,
    );
    await bench.run([
      'INSERT INTO v VALUES (1, 1, 1e100, 1e100), (2, 1, 2e100, 3e100), (3, 1, 4e100, 3e100)',
      FOLD,
      'INSERT INTO v VALUES (4, 2, 1e-100, 1e-100), (5, 2, 2e-100, 3e-100), (6, 2, 4e-100, 3e-100)',
      FOLD,
    ]);
  });

  test('money at its limits', async () => {
    await tableOf('money');
    await bench.convert('SELECT g, sum(x) AS s FROM v GROUP BY g');
    await bench.run([
      `INSERT INTO v VALUES (1, 1, '92233720368547758.07'), (2, 1, '-92233720368547758.07')`,
      FOLD,
      `UPDATE v SET x = '-0.01' WHERE id = 2`,
      FOLD,
      'DELETE FROM v WHERE id = 2',
      FOLD,
    ]);
  });
});
