/**
 * `imat verify` is not the oracle of these tests, so it is tested here: it finds what is planted,
 * and nothing else.
 */
import { describe, expect, test } from 'vitest';
import type { VerifyResult } from '../../../engine/index.ts';
import { FOLD, useBench } from './support/bench.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const bench = useBench(`
  CREATE TABLE v (id int, k text, x numeric, f float8, r real, j json, p point);
  CREATE TABLE keyed (n numeric, f float8);
`);

const FILL = `TRUNCATE v;
  INSERT INTO v
  SELECT n, CASE n % 4 WHEN 3 THEN NULL ELSE 'k' || n % 4 END, n * 1.10, n / 7.0, n / 3.0,
    ('{"n": ' || n % 2 || '}')::json, point(n % 2, 0)
  FROM generate_series(1, 40) n`;

async function verified(name: string): Promise<VerifyResult> {
  const { results } = await bench.imat.verify(name);
  const [result] = results;
  if (result === undefined || results.length > 1)
    throw new Error(`verify of ${name} gave ${results.length} results`);
  return result;
}

type Planted = {
  readonly name: string;
  readonly definition: string;
  readonly plant: string;
  readonly differences: number;
};

const GROUPED = 'SELECT k, count(*) AS n, sum(x) AS x, sum(f) AS f, sum(r) AS r FROM v GROUP BY k';
const ROWS = 'SELECT k, j, p FROM v';
const STATE = 'imat_store.state_planted';

const PLANTED: readonly Planted[] = [
  {
    name: 'a count that is one too many',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET rows = rows + 1 WHERE k = 'k0'`,
    differences: 2,
  },
  {
    name: 'a sum that is a hundredth too large',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET sum_x = sum_x + 0.01 WHERE k = 'k0'`,
    differences: 2,
  },
  {
    name: 'a group that is missing',
    definition: GROUPED,
    plant: `DELETE FROM ${STATE} WHERE k = 'k1'`,
    differences: 1,
  },
  {
    name: 'the group of NULL that is missing',
    definition: GROUPED,
    plant: `DELETE FROM ${STATE} WHERE k IS NULL`,
    differences: 1,
  },
  {
    name: 'a group that should not be there',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET k = 'other' WHERE k = 'k1'`,
    differences: 2,
  },
  {
    name: 'a double precision beyond the tolerance',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET sum_f = sum_f * (1 + 3e-9) WHERE k = 'k2'`,
    differences: 2,
  },
  {
    name: 'a real beyond the tolerance',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET sum_r = sum_r * (1 + 3e-4) WHERE k = 'k2'`,
    differences: 2,
  },
  {
    name: 'a float that is NULL',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET count_f = 0 WHERE k = 'k2'`,
    differences: 2,
  },
  {
    name: 'a float that is NaN',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET nan_f = 1 WHERE k = 'k2'`,
    differences: 2,
  },
  {
    name: 'a float that is infinite',
    definition: GROUPED,
    plant: `UPDATE ${STATE} SET plus_infinity_f = 1 WHERE k = 'k2'`,
    differences: 2,
  },
  {
    name: 'a duplicate too many',
    definition: ROWS,
    plant: `UPDATE ${STATE} SET rows = rows + 1 WHERE k = 'k0'`,
    differences: 1,
  },
  {
    name: 'a duplicate too few',
    definition: ROWS,
    plant: `UPDATE ${STATE} SET rows = rows - 2 WHERE k = 'k0'`,
    differences: 2,
  },
  {
    name: 'another json',
    definition: ROWS,
    plant: `UPDATE ${STATE} SET j = '{"n":  0}' WHERE k = 'k0'`,
    differences: 20,
  },
  {
    name: 'another point',
    definition: ROWS,
    plant: `UPDATE ${STATE} SET p = point(7, 7) WHERE k = 'k0'`,
    differences: 20,
  },
  {
    name: 'a row for a definition of one row',
    definition: 'SELECT sum(x) AS s FROM v',
    plant: `DELETE FROM ${STATE}`,
    differences: 1,
  },
];

describe('verify finds', () => {
  for (const { name, definition, plant, differences } of PLANTED) {
    test(name, async () => {
      await bench.user.execute(FILL);
      await bench.convert(definition, { name: 'planted' });
      expect(await verified('planted')).toMatchObject({ equal: true, differences: 0, sample: [] });
      await bench.user.execute(plant);
      const result = await verified('planted');
      expect(result).toMatchObject({ name: 'planted', equal: false, differences });
      expect(result.sample.length).toBe(Math.min(10, differences));
      // What is pending does not hide it.
      await bench.user.execute("INSERT INTO v VALUES (99, 'k9', 1, 1, 1, '{}', point(9, 9))");
      expect((await verified('planted')).differences).toBeGreaterThanOrEqual(differences);
    });
  }

  test('a difference in a swap imat, and in one that is read without what is pending', async () => {
    await bench.user.execute(FILL);
    const swapped = await bench.convert(`${REBUILT} SELECT k, max(x) AS top FROM v GROUP BY k`, {
      strategy: 'swap',
    });
    const manual = await bench.convert(GROUPED, { freshness: 'manual' });
    expect(await verified(swapped.name)).toMatchObject({ equal: true });
    await bench.user.execute(
      `UPDATE imat_store.slot_a_${swapped.name} SET top = top + 1 WHERE k = 'k0'`,
    );
    expect(await verified(swapped.name)).toMatchObject({ equal: false, differences: 2 });
    await bench.user.execute("DELETE FROM v WHERE k = 'k0'");
    expect(await verified(manual.name)).toMatchObject({
      equal: false,
      differences: 1,
      sample: [{ side: 'imat', row: { k: 'k0' } }],
    });
  });

  test('which side has a row, with every digit', async () => {
    await bench.user.execute('TRUNCATE v; INSERT INTO v (k, x) VALUES (NULL, 1.10)');
    await bench.convert('SELECT k, sum(x) AS x FROM v GROUP BY k', { name: 'planted' });
    await bench.user.execute(`UPDATE ${STATE} SET sum_x = 1234567890123456789.10`);
    expect((await verified('planted')).sample).toEqual([
      { side: 'imat', row: { k: null, x: '1234567890123456789.10' } },
      { side: 'definition', row: { k: null, x: '1.10' } },
    ]);
  });

  test('more differences than are compared with a tolerance', async () => {
    await bench.user.execute(
      'TRUNCATE v; INSERT INTO v (id, f) SELECT n, n FROM generate_series(1, 25000) n',
    );
    await bench.convert('SELECT id, sum(f) AS f FROM v GROUP BY id', { name: 'planted' });
    await bench.user.execute(`UPDATE ${STATE} SET sum_f = sum_f + 1`);
    expect(await verified('planted')).toMatchObject({
      equal: false,
      differences: 50_000,
      rows: 25_000,
    });
  });
});

describe('verify finds nothing', () => {
  test('where floats differ by the order of summing only', async () => {
    await bench.user.execute(
      `TRUNCATE v;
       INSERT INTO v (k, f, r) SELECT n % 3, n * 0.1, n * 0.01 FROM generate_series(1, 2000) n`,
    );
    const subject = await bench.convert(
      `SELECT k, sum(f) AS f, avg(f) AS a, stddev(f) AS d, sum(r) AS r, corr(f, r) AS c
       FROM v
       GROUP BY k`,
    );
    expect(await verified(subject.name)).toMatchObject({ equal: true, rows: 3 });
    await bench.user.execute('UPDATE v SET f = f + 0.7 WHERE k = $$1$$');
    expect(await verified(subject.name)).toMatchObject({ equal: true });
    await bench.imat.fold(subject.name);
    expect(await verified(subject.name)).toMatchObject({ equal: true });
  });

  test('where more rows than fit the comparison differ in their last digits', async () => {
    await bench.user.execute(
      `TRUNCATE v;
       INSERT INTO v (id, f)
       SELECT n % 22000, 0.1 * (1 + n / 22000) FROM generate_series(0, 65999) n`,
    );
    const subject = await bench.convert('SELECT id, sum(f) AS f, avg(f) AS a FROM v GROUP BY id');
    expect(await verified(subject.name)).toMatchObject({
      equal: true,
      differences: 0,
      rows: 22_000,
    });
  });

  test('where keys that are equal look different beside floats that differ a little', async () => {
    await bench.user.execute(
      'TRUNCATE keyed; INSERT INTO keyed SELECT 1.0, n * 0.1 FROM generate_series(1, 7) n',
    );
    const subject = await bench.convert('SELECT n, sum(f) AS f FROM keyed GROUP BY n', {
      ambiguous: ['n'],
    });
    await bench.run([
      'INSERT INTO keyed SELECT 1.00, n * 0.1 FROM generate_series(1, 3) n',
      FOLD,
      'DELETE FROM keyed WHERE scale(n) = 1',
    ]);
    expect(await verified(subject.name)).toMatchObject({ equal: true });
  });

  test('where only floats tell rows apart', async () => {
    await bench.user.execute(
      `TRUNCATE v;
       INSERT INTO v (id, f, r)
       SELECT n % 2, 0.1 * (1 + n / 2), 1 - n % 2 FROM generate_series(0, 5) n;
       UPDATE v SET f = 0.2 WHERE id = 1`,
    );
    const subject = await bench.convert(
      `${REBUILT} SELECT sum(f) AS f, max(r) AS r FROM v GROUP BY id`,
      {
        strategy: 'swap',
      },
    );
    await bench.user.execute(`UPDATE imat_store.slot_a_${subject.name} SET f = 0.6 + 1e-12 * r`);
    expect(await verified(subject.name)).toMatchObject({ equal: true, rows: 2 });
    await bench.user.execute(`UPDATE imat_store.slot_a_${subject.name} SET f = 0.6 + 1e-3 * r`);
    expect(await verified(subject.name)).toMatchObject({ equal: false, differences: 2 });
  });

  test('inside of what others write, of failing definitions, of no columns', async () => {
    await bench.user.execute(FILL);
    const subject = await bench.convert('SELECT count(*) AS n, sum(10 / id) AS s FROM v');
    await bench.user.execute('BEGIN; DELETE FROM v');
    expect(await verified(subject.name)).toMatchObject({ equal: true });
    await bench.user.execute('ROLLBACK; INSERT INTO v (id) VALUES (0)');
    await expect(verified(subject.name)).rejects.toMatchObject({ condition: 'definition_failed' });
    await bench.user.execute('DELETE FROM v WHERE id = 0');
    expect(await verified(subject.name)).toMatchObject({ equal: true });
  });
});

test.each([
  ['delta', 'SELECT k, count(*) AS n FROM v GROUP BY k'],
  ['swap', `${REBUILT} SELECT k, id FROM v`],
] as const)('says what a manual imat has not taken in: %s', async (strategy, definition) => {
  const maintain = async (): Promise<unknown> =>
    strategy === 'swap' ? bench.imat.swap('late') : bench.imat.fold('late');
  await bench.user.execute(FILL);
  await bench.imat.create('late', definition, { freshness: 'manual' });
  expect(await verified('late')).toMatchObject({ equal: true, behind: null });
  await bench.user.execute(`INSERT INTO v (id, k, x) VALUES (900, 'k0', 0), (901, 'k1', 0)`);
  expect(await verified('late')).toMatchObject({
    equal: false,
    behind: { freshness: 'manual', strategy },
  });
  await maintain();
  expect(await verified('late')).toMatchObject({ equal: true, behind: null });
  await bench.user.execute('TRUNCATE v');
  expect(await verified('late')).toMatchObject({ equal: false, behind: { strategy } });
  await maintain();
  expect(await verified('late')).toMatchObject({ equal: true, behind: null });
  await bench.imat.revert('late');
});

test('says what the passing of time has changed', async () => {
  await bench.user.execute(
    `CREATE TABLE timed AS SELECT clock_timestamp() + interval '10 seconds' AS at`,
  );
  const definition = 'SELECT count(*) AS n FROM timed WHERE at > now()';
  await bench.imat.create('late', definition, { freshness: 'manual' });
  expect(await verified('late')).toMatchObject({ equal: true, rows: 1 });
  await bench.user.query(`SELECT pg_sleep_until(at + interval '100 ms') FROM timed`);
  expect(await verified('late')).toMatchObject({ equal: false, behind: { strategy: 'delta' } });
  await bench.imat.fold('late');
  expect(await verified('late')).toMatchObject({ equal: true, behind: null });
  await bench.imat.revert('late');
});

test('does not blame what is pending for what is wrong in a live imat', async () => {
  await bench.user.execute(FILL);
  await bench.imat.create('planted', GROUPED);
  await bench.user.execute(`INSERT INTO v (id, k, x) VALUES (900, 'k0', 0);
    DELETE FROM ${STATE} WHERE k = 'k1'`);
  expect(await verified('planted')).toMatchObject({ differences: 1, behind: null });
  await bench.imat.revert('planted');
});
