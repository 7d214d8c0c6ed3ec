/**
 * Whatever broke an imat, repair brings it back: the view keeps its OID, its grants and what
 * depends on it, and the oracle agrees.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { expectEqual } from './support/oracle.ts';
import {
  createPreparedSandbox,
  createRole,
  createSandbox,
  type Sandbox,
} from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TOTALS =
  'SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region';
const RANKED = `${REBUILT} SELECT id, rank() OVER (ORDER BY amount, id) AS place FROM public.sales`;
const SETUP = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW totals AS ${TOTALS};
CREATE MATERIALIZED VIEW ranked AS ${RANKED};
COMMENT ON MATERIALIZED VIEW totals IS 'by region';`;

let sandbox: Sandbox;
let reader: string;
let prepared: Sandbox;
beforeAll(async () => {
  prepared = await createPreparedSandbox();
  sandbox = prepared;
  reader = await createRole(sandbox);
});
beforeEach(fill);
async function fill(): Promise<void> {
  await sandbox.sql(SETUP);
  await sandbox.sql(`GRANT SELECT ON totals, ranked TO ${reader}`);
  await sandbox.imat.convert('totals');
  await sandbox.imat.convert('ranked', { replace: true });
  await sandbox.sql(`CREATE VIEW big AS SELECT region FROM imat.totals WHERE total > 900;
    CREATE VIEW first AS SELECT id FROM imat.ranked WHERE place = 1`);
}
afterEach(async () => {
  if (sandbox !== prepared) await sandbox.drop();
  sandbox = prepared;
  await sandbox.sql(`DROP VIEW IF EXISTS big, first CASCADE`);
  await sandbox.revertAll();
  await sandbox.sql('DROP TABLE IF EXISTS sales CASCADE; DROP SCHEMA IF EXISTS imat CASCADE');
});
afterAll(async () => {
  await sandbox.drop();
});

/** The last imat takes the catalog with it that came with the first. */
async function beginEmpty(): Promise<void> {
  sandbox = await createSandbox();
  await fill();
}

const oidOf = (name: string): Promise<number> => sandbox.value(`SELECT '${name}'::regclass::oid`);

async function expectWhole(definition = TOTALS): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await expectEqual(sandbox.db, 'imat.totals', definition);
    await expectEqual(sandbox.db, 'imat.ranked', RANKED);
    await expectEqual(sandbox.db, 'public.ranked', RANKED);
    await sandbox.sql(`INSERT INTO sales SELECT coalesce(max(id), 0) + 1, 'new', 7 FROM sales;
      UPDATE sales SET amount = amount + 1 WHERE id % 3 = 0;
      DELETE FROM sales WHERE id % 17 = ${round}`);
    await expectEqual(sandbox.db, 'imat.totals', definition);
    await expectEqual(sandbox.db, 'imat.ranked', RANKED);
    await foldAll(sandbox.imat);
    await sandbox.imat.swap('ranked');
  }
  expect((await sandbox.imat.verify()).results.filter((one) => !one.equal)).toEqual([]);
  expect((await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
  const visible = await sandbox.rows(
    `SELECT has_table_privilege('${reader}', 'imat.totals', 'SELECT') AS one,
       has_table_privilege('${reader}', 'imat.ranked', 'SELECT') AS two,
       has_table_privilege('${reader}', 'public.ranked', 'SELECT') AS three`,
  );
  expect(visible).toEqual([{ one: true, two: true, three: true }]);
  expect(
    await sandbox.rows(
      `SELECT relname FROM pg_class WHERE relname LIKE '%(new)%' AND relkind IN ('r', 'v', 'i')`,
    ),
  ).toEqual([]);
  expect(await sandbox.value(`SELECT count(*) FROM imat_catalog.imat`)).toBe('2');
}

const repairAll = async (): Promise<string[]> => {
  const results = await sandbox.imat.repair();
  expect(results.filter((one) => one.error !== null)).toEqual([]);
  return results.map((one) => one.name);
};

describe('the view stays the same view', () => {
  const ways: [how: string, sql: string, repaired: string[]][] = [
    [
      'triggers were disabled',
      'ALTER TABLE sales DISABLE TRIGGER ALL; UPDATE sales SET amount = 1',
      ['totals', 'ranked'],
    ],
    [
      'data were loaded as pg_restore --data-only --disable-triggers does',
      `ALTER TABLE sales DISABLE TRIGGER ALL; DELETE FROM sales WHERE id > 50;
       ALTER TABLE sales ENABLE TRIGGER ALL`,
      ['totals', 'ranked'],
    ],
    [
      'a trigger was dropped',
      'DROP TRIGGER "!imat_update" ON sales; UPDATE sales SET amount = 2',
      ['totals', 'ranked'],
    ],
    ['the fold function was dropped', 'DROP FUNCTION imat_store.fold_totals(boolean)', ['totals']],
    ['the frontier was lost', 'DELETE FROM imat_catalog.frontier', ['totals', 'ranked']],
  ];
  test.each(ways)('%s', async (_how, sql, repaired) => {
    const before = [await oidOf('imat.totals'), await oidOf('imat.ranked'), await oidOf('ranked')];
    const ids = await sandbox.rows('SELECT id, name FROM imat_catalog.imat ORDER BY id');
    await sandbox.sql(sql);
    expect(await repairAll()).toEqual(repaired);
    expect([await oidOf('imat.totals'), await oidOf('imat.ranked'), await oidOf('ranked')]).toEqual(
      before,
    );
    expect(await sandbox.rows('SELECT id, name FROM imat_catalog.imat ORDER BY id')).toEqual(ids);
    await expectWhole();
    await sandbox.sql('SELECT * FROM big; SELECT * FROM first');
    expect(await repairAll()).toEqual([]);
  });
});

describe('what was dropped is created again', () => {
  const ways: [how: string, sql: string][] = [
    ['the log', 'DROP TABLE imat_store.log_public_sales CASCADE'],
    ['the view', 'DROP VIEW imat.totals CASCADE'],
    ['the schema imat', 'DROP SCHEMA imat CASCADE'],
    ['the schema imat_store', 'DROP SCHEMA imat_store CASCADE'],
    ['the definition', 'DROP VIEW imat_store.definition_totals CASCADE'],
    ['the stored tables', 'DROP TABLE imat_store.state_totals, imat_store.slot_a_ranked CASCADE'],
    ['the view in the place of the materialized view', 'DROP VIEW ranked CASCADE'],
  ];
  test.each(ways)('%s', async (_how, sql) => {
    await sandbox.sql(sql);
    await sandbox.sql('UPDATE sales SET amount = 3 WHERE id = 1');
    expect((await repairAll()).length).toBeGreaterThan(0);
    await expectWhole();
  });
});

test.each([
  'DROP SCHEMA imat CASCADE',
  'DROP SCHEMA imat_store CASCADE',
  'DROP ROUTINE imat_catalog.copied_triggers, imat.fold',
])('after %s, doctor says so, and a revert leaves nothing behind', async (dropped) => {
  await beginEmpty();
  await sandbox.sql(dropped);
  expect(
    (await sandbox.imat.doctor()).checks.filter(({ status }) => status !== 'ok'),
  ).toMatchObject([{ check: 'catalog', hint: expect.stringContaining('imat repair') }]);
  await sandbox.sql('DROP VIEW IF EXISTS big, first; UPDATE sales SET amount = 3 WHERE id = 1');
  for (const name of ['totals', 'ranked']) await sandbox.imat.revert(name);
  expect(
    await sandbox.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'imat%'
      UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE '%imat%'
      UNION ALL SELECT evtname FROM pg_event_trigger`),
  ).toEqual([]);
  await sandbox.sql('REFRESH MATERIALIZED VIEW ranked; REFRESH MATERIALIZED VIEW totals');
});

test.each([
  ['init', () => sandbox.imat.init()],
  [
    'convert',
    async () => {
      await sandbox.imat.convert('totals', { name: 'another' });
      await sandbox.imat.revert('another');
    },
  ],
] as const)('imat %s makes again what was dropped', async (_command, run) => {
  await sandbox.sql('DROP SCHEMA imat CASCADE');
  await run();
  expect(
    await sandbox.value(`SELECT count(*) > 3 FROM pg_proc
    WHERE pronamespace = 'imat'::regnamespace`),
  ).toBe(true);
  await sandbox.imat.repair();
  await sandbox.sql('CREATE VIEW big AS SELECT region FROM imat.totals');
  await expectWhole();
});

test('a whole imat is built anew if it is named', async () => {
  await sandbox.sql(`SET session_replication_role = replica`);
  expect(await sandbox.imat.repair('totals')).toMatchObject([{ name: 'totals', error: null }]);
  await sandbox.sql(`RESET session_replication_role`);
  await expectWhole();
});

test('a definition that no longer works needs alter, and --all goes on past it', async () => {
  await sandbox.sql('ALTER TABLE sales DROP COLUMN region CASCADE');
  await sandbox.sql('DELETE FROM imat_catalog.frontier');
  const results = await sandbox.imat.repair();
  expect(results).toMatchObject([
    { name: 'ranked', error: null },
    { name: 'totals', error: { hint: expect.stringContaining('imat alter totals --query') } },
  ]);
  expect(
    await expectImatError('invalid_definition', () => sandbox.imat.repair('totals')),
  ).toMatchObject({ message: expect.stringContaining('cannot be repaired') });
  await sandbox.sql(`ALTER TABLE sales ADD COLUMN area text DEFAULT 'a'`);
  const query =
    'SELECT area AS region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY area';
  await sandbox.imat.alter('totals', query);
  await expectEqual(sandbox.db, 'imat.totals', query);
  await sandbox.sql(`UPDATE sales SET area = 'b' WHERE id < 7`);
  await expectEqual(sandbox.db, 'imat.totals', query);
  await expectEqual(sandbox.db, 'imat.ranked', RANKED);
  expect(
    await sandbox.value(`SELECT has_table_privilege('${reader}', 'imat.totals', 'SELECT')`),
  ).toBe(true);
});

test('a broken imat whose place has gone with its schema', async () => {
  await sandbox.sql(`CREATE SCHEMA report; CREATE MATERIALIZED VIEW report.sums AS ${TOTALS}`);
  await sandbox.imat.convert('report.sums', { replace: true });
  await sandbox.sql(`DROP SCHEMA report CASCADE; ALTER TABLE sales DISABLE TRIGGER ALL;
    INSERT INTO sales VALUES (-1, 'new', 5); ALTER TABLE sales ENABLE TRIGGER ALL`);
  expect(await sandbox.imat.repair()).toEqual(
    ['totals', 'ranked', 'sums'].map((name) => expect.objectContaining({ name, error: null })),
  );
  await expectEqual(sandbox.db, 'imat.sums', TOTALS);
  const { checks } = await sandbox.imat.doctor();
  expect(checks.filter((check) => check.status !== 'ok')).toMatchObject([
    { status: 'warning', hint: expect.stringContaining('Create the schema') },
  ]);
  await sandbox.sql('CREATE SCHEMA report');
  expect(await sandbox.imat.repair()).toMatchObject([{ name: 'sums', error: null }]);
  await sandbox.sql('DELETE FROM sales WHERE id % 3 = 0');
  await expectEqual(sandbox.db, 'report.sums', TOTALS);
  await sandbox.sql('DROP SCHEMA report CASCADE');
});

describe('alter', () => {
  test('adds columns at the end, and everything else stays', async () => {
    const before = await oidOf('imat.totals');
    const query = TOTALS.replace('count(*) AS n', 'count(*) AS n, max(id) AS last');
    expect(await sandbox.imat.alter('totals', query)).toMatchObject({ strategy: 'delta' });
    expect(await oidOf('imat.totals')).toBe(before);
    await expectEqual(sandbox.db, 'imat.totals', query);
    const filtered = TOTALS.replace('GROUP', 'WHERE amount > 10 GROUP');
    await expectImatError('has_dependents', () => sandbox.imat.alter('totals', filtered));
    await expectEqual(sandbox.db, 'imat.totals', query);
    await sandbox.sql('DROP VIEW big');
    expect(await sandbox.imat.alter('totals', filtered)).toMatchObject({ strategy: 'delta' });
    await expectWhole(filtered);
  });
  test('a replaced view shows the new columns', async () => {
    const query = RANKED.replace('AS place', 'AS place, amount');
    await sandbox.imat.alter('ranked', query);
    await expectEqual(sandbox.db, 'public.ranked', query);
  });
  test('refuses what cannot be', async () => {
    await expectImatError('invalid_definition', () =>
      sandbox.imat.alter('totals', 'SELECT region, total, n FROM imat.totals'),
    );
    await expectImatError('invalid_definition', () =>
      sandbox.imat.alter('totals', 'SELECT 1 FROM nowhere'),
    );
    await expectWhole();
  });
  test('an imat that reads it must not miss changes', async () => {
    await sandbox.sql(
      `CREATE TABLE other (region text, total numeric, n bigint);
        CREATE MATERIALIZED VIEW above AS SELECT count(*) FROM imat.totals`,
    );
    await sandbox.imat.convert('above');
    const query = `SELECT region, sum(total) AS total, count(*) AS n FROM other GROUP BY region`;
    await expectImatError('has_dependents', () => sandbox.imat.alter('totals', query));
    await sandbox.imat.alter('totals', TOTALS.replace('GROUP', 'WHERE id > 3 GROUP'));
    await expectEqual(
      sandbox.db,
      'imat.above',
      `SELECT count(*) FROM (${TOTALS.replace('GROUP', 'WHERE id > 3 GROUP')}) q`,
    );
    await sandbox.sql('DROP TABLE IF EXISTS other CASCADE');
  });
});
