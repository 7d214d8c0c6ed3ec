/**
 * A join of four tables or more is read without planning its changes while nothing is pending. In
 * which order they are joined, join-order.test.ts shows.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, type World } from '../commands/support/world.ts';

const TABLES = `
CREATE TABLE land (id int PRIMARY KEY, name text);
CREATE TABLE buyer (id int PRIMARY KEY, land int);
CREATE TABLE seller (id int PRIMARY KEY, land int);
CREATE TABLE purchase (id int PRIMARY KEY, buyer int);
CREATE TABLE line (purchase int, n int, seller int, price numeric(9, 2), PRIMARY KEY (purchase, n));
CREATE INDEX ON buyer (land);
CREATE INDEX ON seller (land);
CREATE INDEX ON purchase (buyer);
INSERT INTO land SELECT i, 'l' || i FROM generate_series(1, 5) AS i;
INSERT INTO buyer SELECT i, 1 + i % 5 FROM generate_series(1, 500) AS i;
INSERT INTO seller SELECT i, 1 + i % 5 FROM generate_series(1, 100) AS i;
INSERT INTO purchase SELECT i, 1 + i % 500 FROM generate_series(1, 2000) AS i;
INSERT INTO line SELECT i, n, 1 + (i + n) % 100, i % 90 FROM generate_series(1, 2000) AS i,
  generate_series(1, 3) AS n;
ANALYZE;`;

/** In an order in which each table but the first shares a column with many rows of the last. */
const DEFINITION = `SELECT l.name, sum(i.price) AS revenue, count(*) AS n
  FROM public.line i, public.seller s, public.buyer b, public.land l, public.purchase p
  WHERE b.land = s.land AND i.seller = s.id AND s.land = l.id AND p.id = i.purchase
    AND p.buyer = b.id
  GROUP BY l.name`;

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(TABLES);
  await world.imat.create('sold', DEFINITION);
});
afterAll(() => world.drop());

type Explained = { readonly 'QUERY PLAN': string };
const lines = async (query: string): Promise<string[]> =>
  (await world.rows<Explained>(`EXPLAIN (COSTS OFF) ${query}`)).map((row) => row['QUERY PLAN']);

test('a reader plans no table of the join', async () => {
  const plan = await lines('SELECT * FROM imat.sold');
  expect(plan.filter((line) => / on (line|seller|buyer|land|purchase) /.test(line))).toEqual([]);
  expect(plan.filter((line) => line.includes('merged_sold'))).not.toEqual([]);
});

test('its answer is the definition, under changes of all tables at once', async () => {
  await world.sql(`BEGIN;
    UPDATE line SET price = price + 1, seller = 1 + purchase % 7 WHERE n = 1 AND purchase % 9 = 0;
    UPDATE seller SET land = 1 + (land + 1) % 5 WHERE id % 11 = 0;
    UPDATE buyer SET land = nullif(land, 3) WHERE id % 13 = 0;
    DELETE FROM purchase WHERE id % 17 = 0;
    INSERT INTO land VALUES (6, 'l6');
    UPDATE land SET name = 'l1' WHERE id = 2;`);
  const differences = `(TABLE imat.sold EXCEPT ALL (${DEFINITION}))
    UNION ALL ((${DEFINITION}) EXCEPT ALL TABLE imat.sold)`;
  expect(await world.rows(differences)).toEqual([]);
  await world.sql('COMMIT');
  expect(await world.rows(differences)).toEqual([]);
  await world.imat.fold('sold');
  expect(await world.rows(differences)).toEqual([]);
  expect(await world.rows('SELECT * FROM imat.sold')).toHaveLength(4);
});
