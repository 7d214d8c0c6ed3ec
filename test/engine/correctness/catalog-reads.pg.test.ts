/**
 * A read of an imat, and a write to its sources, look up in PostgreSQL's catalogs what they need:
 * they read no catalog as a whole that grows with the number of tables.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REBUILT } from '../../setup/rebuilt.ts';
import { createPreparedWorld, type World } from '../commands/support/world.ts';

const KEPT = {
  summed: 'SELECT kind, count(*) AS n, max(price) AS most FROM public.item GROUP BY kind',
  joined: `SELECT k.name, sum(i.price) AS s FROM public.item i
    JOIN public.kind k ON k.id = i.kind GROUP BY k.name`,
  three: `SELECT k.name, p.name AS part, sum(i.price) AS s FROM public.item i
    JOIN public.kind k ON k.id = i.kind JOIN public.parted p ON p.id = i.id GROUP BY 1, 2`,
  outer: `SELECT k.id, k.name, i.price FROM public.kind k LEFT JOIN public.item i ON i.kind = k.id`,
  latest: `SELECT DISTINCT ON (i.kind) i.kind, i.id FROM public.item i
    ORDER BY i.kind, i.id DESC`,
  parts: 'SELECT name, count(*) AS n FROM public.parted GROUP BY name',
  latest_part: `SELECT DISTINCT ON (p.name) p.name, p.id FROM public.parted p
    ORDER BY p.name, p.id DESC`,
  heirs: 'SELECT name, count(*) AS n FROM public.top GROUP BY name',
  top_ten: `SELECT kind, sum(price) AS s FROM public.item GROUP BY kind ORDER BY s DESC LIMIT 10`,
  recent: `SELECT kind, count(*) AS n FROM public.item WHERE at > now() - interval '1 day'
    GROUP BY kind`,
  swapped: `${REBUILT} SELECT kind, rank() OVER (ORDER BY price) AS place FROM public.item`,
} as const;

const SETUP = `
CREATE TABLE kind (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, kind int, price numeric, at timestamptz DEFAULT now());
CREATE INDEX ON item (kind); CREATE INDEX ON item (at);
CREATE TABLE parted (id int, name text) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (500);
CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (500) TO (1000000);
CREATE TABLE top (id int, name text);
CREATE TABLE heir () INHERITS (top);
INSERT INTO kind SELECT i, 'kind ' || i FROM generate_series(1, 200) AS i;
INSERT INTO item SELECT i, 1 + i % 200, i FROM generate_series(1, 4000) AS i;
INSERT INTO parted SELECT i, 'name ' || i % 50 FROM generate_series(1, 1000) AS i;
INSERT INTO top SELECT i, 'name ' || i % 5 FROM generate_series(1, 50) AS i;
INSERT INTO heir SELECT i, 'name ' || i % 5 FROM generate_series(1, 50) AS i;
ANALYZE`;

/**
 * Of those that have rows for each table, view or function. Others are so small here that it is
 * cheaper to read all of them, as it would not be where they are large.
 */
const CATALOGS = ['pg_attribute', 'pg_class', 'pg_depend', 'pg_proc', 'pg_rewrite', 'pg_type'];

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(SETUP);
  for (const [name, definition] of Object.entries(KEPT)) await world.imat.create(name, definition);
  await world.sql('ANALYZE');
});
afterAll(() => world.drop());

const COUNTS = `SELECT name, pg_stat_get_xact_numscans(name::regclass)::int AS scans
  FROM unnest(ARRAY['${CATALOGS.join("', '")}']) AS name ORDER BY 1`;

/** The catalogs that statements read as a whole, in a transaction that is rolled back. */
async function scanned(statements: string, isolation: string): Promise<readonly string[]> {
  await world.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
  // Some of what was counted before may not have been reported yet.
  const before = await world.rows<{ scans: number }>(COUNTS);
  await world.sql(statements);
  const after = await world.rows<{ name: string; scans: number }>(COUNTS);
  await world.sql('ROLLBACK');
  return after.flatMap(({ name, scans }, at) => (scans > (before[at]?.scans ?? 0) ? [name] : []));
}

/** Those that they read each time: the server itself may have to, beside a vacuum for example. */
async function wholeCatalogs(statements: string, isolation = 'READ COMMITTED'): Promise<string[]> {
  let always = [...CATALOGS];
  for (let time = 1; time <= 3 && always.length > 0; time++) {
    const found = await scanned(statements, isolation);
    always = always.filter((name) => found.includes(name));
  }
  return always;
}

const NAMES = Object.keys(KEPT);
const WRITES = {
  few: `INSERT INTO item VALUES (100000, 3, 1); UPDATE item SET price = 2 WHERE id = 7;
    DELETE FROM item WHERE id = 8; UPDATE kind SET name = 'other' WHERE id = 3;
    INSERT INTO parted VALUES (5000, 'new'); INSERT INTO top VALUES (1, 'new')`,
  many: `INSERT INTO item SELECT i, 1 + i % 200, i FROM generate_series(200000, 212000) AS i;
    INSERT INTO parted SELECT i, 'many' FROM generate_series(6000, 18000) AS i`,
};

test('the count sees a catalog that is read as a whole', async () => {
  expect(await wholeCatalogs('SELECT max(relpages) FROM pg_class')).toEqual(['pg_class']);
});

/** Of each imat that reads some, which. */
async function wholeInReads(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const isolation of ['READ COMMITTED', 'REPEATABLE READ'])
    for (const name of NAMES) {
      const read = await wholeCatalogs(`SELECT * FROM imat.${name}`, isolation);
      if (read.length > 0) found[`${name}, ${isolation}`] = read;
    }
  return found;
}

test('a read with nothing pending', async () => expect(await wholeInReads()).toEqual({}));

test.each(Object.entries(WRITES))('%s rows are written, and read', async (_, write) => {
  expect(await wholeCatalogs(write)).toEqual([]);
  await world.sql(write);
  expect(await wholeInReads()).toEqual({});
});
