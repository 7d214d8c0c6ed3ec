/** Arguments that are more than columns (docs/decisions/0059-values-once.md). */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE DOMAIN price AS numeric(8, 1);
    CREATE DOMAIN word AS text COLLATE "C";
    CREATE TABLE t (
      g int, code char(5), name varchar(7), m numeric(10, 2), p price, w word,
      at timestamp(3), b bool, i int);
    INSERT INTO t SELECT i % 3, 'c' || i % 2, 'n' || i % 2, i % 4, i % 2, 'w' || i % 3,
      '2024-01-01 00:00:00.1234', i % 2 = 0, i FROM generate_series(1, 30) AS i`);
});
afterEach(() => world.drop());

const columnsOf = (relation: string): Promise<unknown[]> =>
  world.rows(`SELECT attname::text, format_type(atttypid, atttypmod) AS type,
      attcollation::regcollation::text AS collation
    FROM pg_attribute WHERE attrelid = '${relation}'::regclass AND attnum > 0 ORDER BY attnum`);

const ROWS = `
  INSERT INTO t VALUES (1, 'x', 'y', 1, 2, 'z', NULL, true, 7); INSERT INTO t VALUES (2)`;

async function expectExactAfterEach(list: string): Promise<void> {
  const definition = `SELECT ${list}`;
  const exact = { name: 'v', definition };
  expect(await world.imat.create('v', definition)).toMatchObject({ strategy: 'delta' });
  await world.sql(`CREATE VIEW plain AS ${definition}`);
  expect(await columnsOf('imat.v')).toEqual(await columnsOf('plain'));
  for (const change of [
    'UPDATE t SET i = i + 1, m = NULL WHERE i < 12',
    ROWS,
    'TRUNCATE t',
    ROWS,
  ]) {
    await world.sql(change);
    await expectExact(world, exact);
    await world.imat.fold('v');
    await expectExact(world, exact);
  }
}

test.each([
  ['columns', 'code, name, m, p, w, at, sum(m * i) AS s FROM t GROUP BY 1, 2, 3, 4, 5, 6'],
  [
    'expressions',
    `i::price AS p, i::word AS w, m::numeric(6, 1) AS m, name::varchar(1) AS c,
       at::timestamp(0) AS d, avg(m * i) AS a FROM t GROUP BY 1, 2, 3, 4, 5`,
  ],
])('keys keep their length, precision, domain and collation: %s', (_, list) =>
  expectExactAfterEach(list),
);

test.each([
  ['a FILTER that is an argument too', 'bool_or(true) AS o, count(*) FILTER (WHERE true) AS n'],
  ['a FILTER that is never true', 'count(*) FILTER (WHERE NULL) AS n, sum(i) FILTER (WHERE 1 = 2)'],
  ['of an argument', 'sum(i) FILTER (WHERE true) AS n, sum(1) FILTER (WHERE b) AS o, sum(2) AS p'],
])('constants: %s', (_, list) =>
  expectExactAfterEach(`g, sum(m * i) AS s, ${list} FROM t GROUP BY g`),
);
