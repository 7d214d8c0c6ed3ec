/** Explain of all materialized views, and the check of definitions for CI. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogListing } from './support/listing.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

const SHOP = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2), sold timestamptz);
INSERT INTO sales SELECT i, 'r' || i % 5, i, '2026-01-01' FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW added AS SELECT region, sum(amount) AS n FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW regrouped AS SELECT region, bit_or(id) AS n FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW swapped AS SELECT region, clock_timestamp() AS at FROM sales;
CREATE TABLE parted (id int, n int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted DEFAULT;
CREATE MATERIALIZED VIEW refused AS SELECT n FROM part;
CREATE MATERIALIZED VIEW slow AS
SELECT region, pg_sleep(0.05)::text AS slept FROM sales WHERE id <= 5;
CREATE MATERIALIZED VIEW failing AS SELECT id, 1 / (amount - 101) AS x FROM sales;
INSERT INTO sales VALUES (101, 'r1', 101, NULL);
ANALYZE added;
CREATE ROLE check_reader LOGIN;
CREATE MATERIALIZED VIEW secret AS SELECT 1 AS one;
GRANT SELECT ON added, regrouped TO check_reader;`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SHOP.replaceAll('check_reader', READER));
});
afterAll(async () => {
  await sandbox.sql(`DROP OWNED BY ${READER}; DROP ROLE ${READER}`);
  await sandbox.drop();
});
const READER = `check_reader_${process.pid}`;

describe('explain of all', () => {
  test('says of each how it would be maintained, and leaves no trace', async () => {
    const before = await catalogListing(sandbox.db);
    const { views } = await sandbox.imat.explainAll();
    const byName = new Map(views.map((view) => [view.name, view]));
    expect([...byName.keys()]).toEqual(
      ['added', 'failing', 'refused', 'regrouped', 'secret', 'slow', 'swapped'].map(
        (name) => `public.${name}`,
      ),
    );
    expect(byName.get('public.added')).toMatchObject({
      rows: 5,
      ms: null,
      notMeasured: null,
      maintenance: {
        strategy: 'delta',
        rule: 'add',
        stores: ['add'],
        residual: false,
        changes: [{ relation: 'public.sales', effect: 'adds' }],
      },
      reason: null,
      error: null,
    });
    expect(byName.get('public.added')?.bytes).toBeGreaterThan(0);
    expect(byName.get('public.regrouped')).toMatchObject({
      maintenance: {
        rule: 'regroup',
        changes: [{ relation: 'public.sales', effect: 'touches one key' }],
      },
    });
    expect(byName.get('public.swapped')).toMatchObject({
      maintenance: { strategy: 'swap', rule: 'swap', stores: [] },
      reason: { kind: 'moment_dependent' },
    });
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('an error of one is in its own row', async () => {
    const { views } = await sandbox.imat.explainAll();
    expect(views.find(({ name }) => name === 'public.refused')).toMatchObject({
      maintenance: null,
      error: { code: 'IM007', message: 'source "public.part" is a partition' },
    });
    expect(views.filter(({ error }) => error !== null)).toHaveLength(1);
  });

  test('measures each definition, those that fail or take too long aside', async () => {
    await sandbox.sql(
      'CREATE MATERIALIZED VIEW unfilled AS SELECT count(*) AS n FROM sales WITH NO DATA',
    );
    const before = await catalogListing(sandbox.db);
    const { views } = await sandbox.imat.explainAll({ measure: 120 });
    const timeOf = (name: string) => views.find((view) => view.name === `public.${name}`);
    const { ms, refreshMs } = timeOf('added') ?? {};
    expect(ms).toBeGreaterThan(0);
    expect(refreshMs).toBeGreaterThan(ms ?? 0);
    // It has no rows yet that could be written.
    expect(timeOf('unfilled')).toMatchObject({ ms: expect.any(Number), refreshMs: null });
    expect(timeOf('slow')).toMatchObject({
      ms: null,
      refreshMs: null,
      notMeasured: 'it ran longer than 120ms',
    });
    expect(timeOf('failing')).toMatchObject({ ms: null, notMeasured: 'division by zero' });
    expect(await catalogListing(sandbox.db)).toEqual(before);
    await sandbox.sql('DROP MATERIALIZED VIEW unfilled');
  });

  test('measuring waits for no lock of a reader, and gives no reader one to wait for', async () => {
    const holder = await sandbox.session();
    await holder.db.transaction('read committed', async () => {
      await holder.rows('SELECT * FROM added');
      const { views } = await sandbox.imat.explainAll({ measure: 1000 });
      expect(views.find(({ name }) => name === 'public.added')?.refreshMs).toBeGreaterThan(0);
    });
  });

  test('shows what the role may read, and runs no function of other roles', async () => {
    await sandbox.sql(`
      CREATE FUNCTION hers() RETURNS int LANGUAGE sql AS 'SELECT 1';
      ALTER FUNCTION hers() OWNER TO ${READER};
      CREATE MATERIALIZED VIEW calling AS SELECT id + hers() AS n FROM sales WITH NO DATA`);
    const reader = await sandbox.session(READER);
    const seen = await reader.imat.explainAll();
    expect(seen.views.map(({ name }) => name)).toEqual(['public.added', 'public.regrouped']);
    const { views } = await sandbox.imat.explainAll({ measure: 10_000 });
    expect(views.find(({ name }) => name === 'public.calling')).toMatchObject({
      ms: null,
      notMeasured: 'it calls public.hers, which would run with your rights',
    });
    await sandbox.sql('DROP MATERIALIZED VIEW calling; DROP FUNCTION hers()');
  });
});

describe('check', () => {
  const checked = async (text: string, require: 'add' | 'regroup' = 'regroup') => {
    const { results } = await sandbox.imat.check({ targets: [{ file: 'v.sql', text }], require });
    return results[0];
  };

  test('all views must be more than swapped unless said otherwise', async () => {
    const before = await catalogListing(sandbox.db);
    const { results } = await sandbox.imat.check();
    const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
    expect(failed).toEqual(['refused', 'slow', 'swapped'].map((name) => `public.${name}`));
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('views by name; what is required can be stricter', async () => {
    const targets = [{ name: 'added' }, { name: 'regrouped' }];
    const { results } = await sandbox.imat.check({ targets, require: 'add' });
    expect(results).toMatchObject([
      { name: 'added', isFile: false, passed: true, reasons: [] },
      {
        name: 'regrouped',
        passed: false,
        maintenance: { rule: 'regroup' },
        reasons: [{ position: { line: 2 } }],
        place: null,
      },
    ]);
  });

  test('a name that is not there is refused', async () => {
    await expect(sandbox.imat.check({ targets: [{ name: 'ad' }] })).rejects.toMatchObject({
      code: 'IM002',
    });
  });

  test('a query and statements that create views', async () => {
    const query = 'SELECT region, count(*) FROM sales GROUP BY region';
    for (const text of [
      query,
      `CREATE VIEW v (r, n) AS ${query};`,
      `-- AS it is\nCREATE MATERIALIZED VIEW IF NOT EXISTS v AS\n${query}\nWITH NO DATA;\n`,
      'CREATE VIEW two (a, b) AS SELECT amount, amount FROM sales',
    ])
      expect(await checked(text, 'add')).toMatchObject({ passed: true, isFile: true, place: null });
  });

  test('the place of the reason is that in the file', async () => {
    const text =
      '-- bit_or(id)\nCREATE VIEW v AS\nSELECT region,\n       BIT_OR(id)\nFROM sales\nGROUP BY 1';
    expect(await checked(text, 'add')).toMatchObject({
      passed: false,
      place: { line: 4, column: 8, offset: text.indexOf('BIT_OR') },
    });
    expect(await checked(text)).toMatchObject({ passed: true, place: null });
  });

  test('errors of a file are results with a place', async () => {
    expect(await checked('\nCREATE VIEW v AS\n  SELECT * FROM nowhere')).toMatchObject({
      passed: false,
      place: { line: 3, column: 17 },
      error: { message: 'relation "nowhere" does not exist' },
    });
    expect(await checked('CREATE VIEW v AS\nSELECT FROM WHERE')).toMatchObject({
      place: { line: 2, column: 13 },
      error: { message: 'syntax error at or near "WHERE"' },
    });
    expect(await checked('SELECT 1;\nSELECT 2')).toMatchObject({
      place: { line: 2, column: 1 },
      error: { message: 'the query holds more than one statement' },
    });
  });
});
