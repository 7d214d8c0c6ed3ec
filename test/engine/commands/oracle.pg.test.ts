/** The oracle and the listing themselves: what they are to notice, they notice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox('CREATE TABLE t (id int, x numeric, f float8, j json)');
});
afterAll(() => sandbox.drop());

test.each([
  ['a missing row', `(1, 1, 1, '1'), (2, 2, 2, '2')`, `(1, 1, 1, '1')`],
  ['a row too many', `(1, 1, 1, '1')`, `(1, 1, 1, '1'), (1, 1, 1, '1')`],
  ['another value', `(1, 1, 1, '1')`, `(1, 2, 1, '1')`],
  ['NULL for a value', `(1, 1, 1, '1')`, `(1, NULL, 1, '1')`],
  ['another number of digits', `(1, 1.0, 1, '1')`, `(1, 1.00, 1, '1')`],
  ['a float beyond rounding', `(1, 1, 1, '1')`, `(1, 1, 1.00001, '1')`],
  ['NULL for a float', `(1, 1, NULL, '1')`, `(1, 1, 0, '1')`],
  ['another text of a type without order', `(1, 1, 1, '{"a": 1}')`, `(1, 1, 1, '{"a":1}')`],
])('the oracle notices %s', async (_what, here, there) => {
  const values = (rows: string): string =>
    `SELECT v.id, v.x::numeric AS x, v.f::float8 AS f, v.j::json AS j
     FROM (VALUES ${rows}) AS v(id, x, f, j)`;
  await sandbox.sql(`TRUNCATE t; INSERT INTO t ${values(here)}`);
  await expectEqual(sandbox.db, 'public.t', values(here));
  await expect(expectEqual(sandbox.db, 'public.t', values(there))).rejects.toThrow(
    'public.t differs from its definition',
  );
});

test('the oracle lets pass what rounding explains', async () => {
  await sandbox.sql(
    `TRUNCATE t;
     INSERT INTO t
     VALUES (1, 1, 0.1::float8 + 0.2, '1'), (1, 1, 'NaN', '1'), (1, 1, 'Infinity', '1')`,
  );
  await expectEqual(
    sandbox.db,
    'public.t',
    `SELECT v.id, 1::numeric AS x, v.f::float8 AS f, '1'::json AS j
     FROM (VALUES (1, '0.3'), (1, 'NaN'), (1, 'Infinity')) AS v(id, f)`,
  );
});

test.each([
  'CREATE TABLE more (id int)',
  'CREATE FUNCTION more() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE INDEX ON t (id)',
  `COMMENT ON COLUMN t.id IS 'x'`,
  'GRANT SELECT ON t TO PUBLIC',
  'ALTER TABLE t ALTER COLUMN id SET DEFAULT 1',
  'ALTER TABLE t SET (fillfactor = 50)',
  'CREATE SCHEMA more',
  'GRANT ALL ON SCHEMA public TO PUBLIC',
  'TRUNCATE t',
])('the listing notices %s', async (change) => {
  const before = await catalogListing(sandbox.db);
  await sandbox.db.execute('BEGIN; SET LOCAL search_path = public');
  await sandbox.db.execute(change);
  await sandbox.db.execute('SET LOCAL search_path = pg_catalog');
  expect(await catalogListing(sandbox.db)).not.toEqual(before);
  await sandbox.db.execute('ROLLBACK');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});
