/** A convert runs ANALYZE on large tables without statistics, and on what is joined with them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectEqual } from './support/oracle.ts';
import { createRole, createSandbox, type Sandbox } from './support/sandbox.ts';

const ROWS = 12_000;
// Autovacuum would look at them, and never at the regions.
const TABLES = `
CREATE TABLE sale (id int PRIMARY KEY, region text, amount int) WITH (autovacuum_enabled = off);
CREATE TABLE region (region text, name text) WITH (autovacuum_enabled = off);
CREATE TABLE small (id int PRIMARY KEY, region text) WITH (autovacuum_enabled = off);
CREATE TABLE event (id int, day int, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1) WITH (autovacuum_enabled = off);
INSERT INTO sale SELECT i, 'r' || i % 4, i FROM generate_series(1, ${ROWS}) i;
INSERT INTO region SELECT 'r' || i, 'R' || i FROM generate_series(0, 3) i;
INSERT INTO small SELECT i, 'r' || i % 4 FROM generate_series(1, 100) i;
INSERT INTO event SELECT i, 1 FROM generate_series(1, ${ROWS}) i`;
const JOINED =
  'SELECT s.id, s.amount, r.name FROM public.sale s JOIN public.region r USING (region)';
const BOTH = ['region', 'sale'];

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox();
  await sandbox.sql(TABLES);
});
afterEach(() => sandbox.drop());

const analyzed = async (): Promise<string[]> => {
  const rows = await sandbox.db.query<{ name: string }>(
    `SELECT DISTINCT tablename::text AS name FROM pg_stats WHERE schemaname = 'public' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
};

const keyOf = async (name: string): Promise<string | undefined> =>
  (await sandbox.imat.explain(name)).plan[0]?.clause;

const notes = (given: readonly string[]): readonly string[] =>
  given.filter((note) => note.includes('statistics'));

const LATER =
  'has no statistics, by which imat chooses what it stores: ' +
  'after ANALYZE by its owner, imat repair chooses again';

test('rows of a join with a table of a few rows get their key', async () => {
  const asked = await sandbox.imat.explain(JOINED, { query: true });
  const lacks =
    'has no statistics, by which imat chooses what it stores: convert runs ANALYZE first';
  const first = [`public.region ${lacks}`, `public.sale ${lacks}`];
  expect(notes(asked.notes)).toEqual(first);
  const tried = await sandbox.imat.create('joined', JOINED, { dryRun: true });
  expect(notes(tried.notes)).toEqual(first);
  expect(await analyzed()).toEqual([]);
  const created = await sandbox.imat.create('joined', JOINED);
  expect(notes(created.notes)).toEqual([
    'public.region had no statistics: ANALYZE was run',
    'public.sale had no statistics: ANALYZE was run',
  ]);
  expect(await analyzed()).toEqual(BOTH);
  expect(await keyOf('joined')).toBe('rows by s.id');
  await sandbox.sql(
    `UPDATE sale SET amount = 0 WHERE id < 5; DELETE FROM region WHERE name = 'R1'`,
  );
  await expectEqual(sandbox.db, 'imat.joined', JOINED);
});

test('a repair gathers them as well', async () => {
  await sandbox.sql('ALTER TABLE region ADD PRIMARY KEY (region); ANALYZE');
  await sandbox.imat.create('joined', JOINED);
  await sandbox.sql(`DELETE FROM pg_statistic s USING pg_class c
    WHERE c.oid = s.starelid AND c.relnamespace = 'public'::regnamespace`);
  await sandbox.imat.repair('joined');
  expect(await analyzed()).toEqual(BOTH);
});

test('partitions have those of the whole table', async () => {
  await sandbox.imat.create('events', 'SELECT id, day FROM public.event');
  expect(await analyzed()).toEqual(['event', 'event_1']);
});

test('partitions that were filled after ANALYZE have none of the whole table', async () => {
  await sandbox.sql('TRUNCATE event; ANALYZE event');
  await sandbox.sql(`INSERT INTO event SELECT i, 1 FROM generate_series(1, ${ROWS}) i`);
  await sandbox.sql('ANALYZE event_1');
  const query = 'SELECT id FROM public.event';
  const { notes: given } = await sandbox.imat.create('events', query);
  expect(notes(given)).toEqual(['public.event had no statistics: ANALYZE was run']);
  expect(await keyOf('events')).toBe('rows by event.id');
  const again = await sandbox.imat.create('more_events', query);
  expect(notes(again.notes)).toEqual([]);
});

test('tables that inherit from another one are looked at with it', async () => {
  await sandbox.sql(`TRUNCATE sale; ANALYZE sale;
    CREATE TABLE later (PRIMARY KEY (id)) INHERITS (sale);
    INSERT INTO later SELECT i, 'r', i FROM generate_series(20001, 40000) i; ANALYZE later`);
  const query = 'SELECT region, sum(amount) AS amount FROM public.sale GROUP BY region';
  const { notes: given } = await sandbox.imat.create('amounts', query);
  expect(notes(given)).toEqual(['public.sale had no statistics: ANALYZE was run']);
  const again = await sandbox.imat.create('more_amounts', query);
  expect(notes(again.notes)).toEqual([]);
});

test('small tables are left alone, and so is what is swapped', async () => {
  const small = 'SELECT s.id, r.name FROM public.small s JOIN public.region r USING (region)';
  const { notes: given } = await sandbox.imat.create('small_ones', small);
  expect(notes(given)).toEqual([]);
  const swap = { strategy: 'swap' } as const;
  const tried = await sandbox.imat.create('swapped', JOINED, { ...swap, dryRun: true });
  expect(notes(tried.notes)).toEqual([]);
  await sandbox.imat.create('swapped', JOINED, swap);
  expect(await analyzed()).toEqual([]);
});

test.each([
  ['public.sale', JOINED, 'public.sale', ['region']],
  ['public.event_1', 'SELECT id, day FROM public.event', 'public.event', []],
] as const)('%s is not waited for where VACUUM has locked it', async (table, query, left, done) => {
  const other = await sandbox.session();
  await other.sql(`BEGIN; LOCK TABLE ${table} IN SHARE UPDATE EXCLUSIVE MODE`);
  const created = await sandbox.imat.create('waits', query, {
    // The capture does wait.
    onProgress: ({ label }) => {
      if (label.startsWith('installing capture')) void other.sql('ROLLBACK');
    },
  });
  expect(notes(created.notes)).toContain(`${left} ${LATER}`);
  expect(await analyzed()).toEqual(done);
  await expectEqual(sandbox.db, 'imat.waits', query);
});

test('tables of another role are named', async () => {
  const name = await createRole(sandbox);
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`GRANT SELECT, TRIGGER ON sale, region TO ${name};
    GRANT CREATE ON DATABASE ${database} TO ${name}`);
  const stranger = await sandbox.session(name);
  const { notes: given } = await stranger.imat.create('joined', JOINED, { dryRun: true });
  expect(notes(given)).toEqual([`public.region ${LATER}`, `public.sale ${LATER}`]);
  expect(await analyzed()).toEqual([]);
  await sandbox.sql(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
});

// PostgreSQL 17 has the privilege MAINTAIN, which an owner can revoke from himself.
test('tables that their owner may not analyze are named', async () => {
  const major = await sandbox.value<number>(
    `SELECT current_setting('server_version_num')::integer / 10000`,
  );
  if (major < 17) return;
  const name = await createRole(sandbox);
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`GRANT CREATE ON DATABASE ${database} TO ${name};
    ALTER TABLE sale OWNER TO ${name}; ALTER TABLE region OWNER TO ${name};
    REVOKE MAINTAIN ON region FROM ${name}`);
  const owner = await sandbox.session(name);
  const { notes: given } = await owner.imat.create('joined', JOINED);
  expect(notes(given)).toEqual([
    'public.sale had no statistics: ANALYZE was run',
    `public.region ${LATER}`,
  ]);
  expect(await analyzed()).toEqual(['sale']);
  await owner.imat.revert('joined');
  await sandbox.sql(`DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`);
});

test('a convert that is stopped there leaves no catalog', async () => {
  const body = 'RETURNS text LANGUAGE plpgsql IMMUTABLE AS';
  await sandbox.sql(`CREATE FUNCTION stopping(text) ${body} 'BEGIN RETURN $1; END';
    CREATE INDEX ON region (stopping(region));
    CREATE OR REPLACE FUNCTION stopping(text) ${body} 'BEGIN RAISE query_canceled; END'`);
  await expect(sandbox.imat.create('joined', JOINED)).rejects.toMatchObject({
    condition: 'interrupted',
  });
  expect(await sandbox.value(`SELECT to_regnamespace('imat_catalog')`)).toBeNull();
});
