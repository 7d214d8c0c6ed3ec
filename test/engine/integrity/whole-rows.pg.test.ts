/** Whole rows as values: their text and JSON have all columns that a table or a type has. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createPreparedWorld,
  expectExact,
  sqlstateOf,
  type World,
} from '../commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TYPE zip AS (code text);
    CREATE TYPE address AS (street text, zip zip);
    CREATE DOMAIN place AS address;
    CREATE TABLE t (id int PRIMARY KEY, home address, n int, w int);
    INSERT INTO t SELECT i, ROW('s' || i, ROW(i))::address, i % 3, i
      FROM generate_series(1, 9) AS i;
    CREATE TABLE u (id int PRIMARY KEY, homes address[], place place);
    INSERT INTO u SELECT id, ARRAY[home], home FROM t`);
});
afterEach(() => world.drop());

const JSON_OF_ROWS = 'SELECT n, jsonb_agg(to_jsonb(t) ORDER BY id) AS j FROM public.t GROUP BY n';
const TEXT_OF_ROWS =
  "SELECT count(DISTINCT t) AS n, string_agg(t::text, ',' ORDER BY id) AS s FROM public.t";
const HOMES = 'SELECT id, to_jsonb(home) AS j FROM public.t';
const ARRAYS = 'SELECT id, homes::text AS s FROM public.u';
const DOMAINS = 'SELECT id, place::text AS s FROM public.u';
const NULLS = 'SELECT id FROM public.t WHERE t IS NOT NULL';

async function expectBroken(definition: string, changes: readonly string[]): Promise<void> {
  await world.imat.create('v', definition);
  for (const change of changes) {
    await world.sql(change);
    expect(await sqlstateOf(world.rows('SELECT FROM imat.v')), change).toBe('IM024');
    expect(await world.imat.repair('v')).toMatchObject([{ error: null }]);
    const [row] = await world.rows<{ view: string }>(
      'SELECT definition_view::text AS view FROM imat_catalog.imat',
    );
    await world.sql('UPDATE t SET n = n + 1 WHERE id < 3; DELETE FROM u WHERE id = 1');
    await expectExact(world, { name: 'v', definition: `TABLE ${row?.view}` });
  }
}

test.each([
  ['JSON', JSON_OF_ROWS],
  ['text', TEXT_OF_ROWS],
  ['a condition', NULLS],
])('columns of a table come and get other names: %s', (_, definition) =>
  expectBroken(definition, [
    'ALTER TABLE t ADD COLUMN more int',
    'ALTER TABLE t RENAME COLUMN more TO further',
  ]),
);

test.each([
  ['a column', HOMES],
  ['of a whole row', JSON_OF_ROWS],
  ['elements of an array', ARRAYS],
  ['a domain', DOMAINS],
])('attributes of a composite type come and get other names: %s', (_, definition) =>
  expectBroken(definition, [
    'ALTER TYPE zip ADD ATTRIBUTE country text',
    'ALTER TYPE zip RENAME ATTRIBUTE country TO land',
    'ALTER TYPE address ADD ATTRIBUTE floor int',
  ]),
);

test.each([
  [
    'of a view',
    'SELECT w.id, to_jsonb(w) AS j FROM public.w',
    ['ALTER VIEW w RENAME COLUMN n TO m', 'ALTER VIEW w RENAME COLUMN m TO n'],
  ],
  [
    'of a table of a composite type',
    'SELECT f.code, to_jsonb(f) AS j FROM public.typed f',
    [
      'ALTER TYPE zip ADD ATTRIBUTE country text CASCADE',
      'ALTER TYPE zip RENAME ATTRIBUTE country TO land CASCADE',
    ],
  ],
])('columns come and get other names: %s', async (_, definition, changes) => {
  await world.sql(`CREATE VIEW w AS SELECT id, n FROM t WHERE n > 0; CREATE TABLE typed OF zip;
    INSERT INTO typed VALUES ('a'), ('b')`);
  await expectBroken(definition, changes);
});

const DISTINCT = 'SELECT count(DISTINCT t) AS n FROM public.t';

test('columns of a table come and go: different rows', () =>
  expectBroken(DISTINCT, ['ALTER TABLE t ADD COLUMN more int', 'ALTER TABLE t DROP COLUMN more']));

test.each([
  ['JSON', JSON_OF_ROWS],
  ['text', TEXT_OF_ROWS],
  ['different rows', DISTINCT],
  [
    'values in a row',
    "SELECT n, string_agg(ROW(t, 1)::text, '' ORDER BY id) AS s FROM public.t GROUP BY n",
  ],
])('values of a column are written anew: %s', (_, definition) =>
  expectBroken(definition, [
    'ALTER TABLE t ALTER COLUMN w TYPE int USING 0',
    'ALTER TABLE t ALTER COLUMN w TYPE bigint USING id % 2',
    `BEGIN; ALTER TABLE t ALTER COLUMN w SET STATISTICS 60;
      ALTER TABLE t ALTER COLUMN w TYPE bigint USING id % 3; COMMIT`,
  ]),
);

test.each([
  ['partitions', 'PARTITION BY RANGE (id)', 'PARTITION OF p FOR VALUES FROM (0) TO (100)'],
  ['tables that inherit', '', '() INHERITS (p)'],
])('values of a column of %s are written anew', async (_, root, part) => {
  await world.sql(`CREATE TABLE p (id int, w int) ${root}; CREATE TABLE part ${part};
    INSERT INTO part SELECT i, i FROM generate_series(1, 9) AS i`);
  await expectBroken('SELECT count(DISTINCT p) AS n FROM public.p', [
    'ALTER TABLE p ALTER COLUMN w TYPE int USING 0',
  ]);
});

test('a fold notices that a column was written anew', async () => {
  await world.imat.create('v', JSON_OF_ROWS);
  await world.sql('DROP EVENT TRIGGER imat_ddl');
  await world.sql(`ALTER TABLE t ALTER COLUMN w SET STATISTICS 60`);
  await world.sql(`ALTER TABLE t ALTER COLUMN w TYPE int USING 0; INSERT INTO t VALUES (10)`);
  await expect(world.imat.fold('v')).rejects.toMatchObject({
    message: expect.stringContaining('was written anew'),
  });
});

test.each(['event triggers', 'no event triggers'])(
  'a file that is written anew with the same values, with %s',
  async (watched) => {
    await world.imat.create('v', JSON_OF_ROWS);
    if (watched === 'no event triggers') await world.sql('DROP EVENT TRIGGER imat_ddl');
    for (const command of [
      'VACUUM FULL t',
      'ALTER TABLE t ALTER COLUMN w SET STATISTICS 60',
      'CLUSTER t USING t_pkey',
      'ALTER TABLE t ALTER COLUMN w SET DEFAULT 4',
      'TRUNCATE t; INSERT INTO t SELECT i FROM generate_series(1, 9) AS i',
    ]) {
      await world.sql(command);
      await world.sql('UPDATE t SET n = id % 4, w = coalesce(w, 0) + 1');
      await world.imat.fold('v');
      await expectExact(world, { name: 'v', definition: JSON_OF_ROWS });
    }
  },
);

test.each([
  [
    'counted rows',
    `SELECT u.id, count(t) AS n, count(t.*) AS m
     FROM public.u LEFT JOIN public.t USING (id) GROUP BY u.id`,
  ],
  ['rows of a subquery', 'SELECT q.id, to_jsonb(q) AS j FROM (SELECT id, n FROM public.t) AS q'],
  ['columns', 'SELECT n, count(*) AS c FROM public.t GROUP BY n'],
  ['columns of a join', 'SELECT id, n FROM public.t JOIN public.u USING (id)'],
])('what does not look at the columns of a row stays: %s', async (_, definition) => {
  await world.imat.create('v', definition);
  await world.sql(`ALTER TABLE t ADD COLUMN more int; ALTER TABLE t RENAME COLUMN more TO further;
    ALTER TABLE t ALTER COLUMN further TYPE int USING 1;
    ALTER TYPE address ADD ATTRIBUTE floor int; UPDATE t SET n = 7 WHERE id = 1`);
  await expectExact(world, { name: 'v', definition });
});

test.each([
  ['a condition', NULLS],
  [
    'values',
    'SELECT n, bool_and(t IS NOT NULL) AS a, bool_or(t IS NULL) AS b FROM public.t GROUP BY n',
  ],
])('a table with a column that was dropped: %s', async (_, definition) => {
  await world.sql('ALTER TABLE t ADD COLUMN more int; ALTER TABLE t DROP COLUMN more');
  await world.imat.create('v', definition);
  await expectExact(world, { name: 'v', definition });
  await world.sql('UPDATE t SET n = NULL WHERE id < 3; INSERT INTO t VALUES (10, NULL, 1)');
  await expectExact(world, { name: 'v', definition });
});
