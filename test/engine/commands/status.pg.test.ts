/** What imat_catalog.status shows, from psql too, and how long it keeps the catalog. */
import { expect, test } from 'vitest';
import { expectEqual } from './support/oracle.ts';
import { inPreparedSandbox, inSandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SUMMARY = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales;`;

test('imat_catalog.status, from psql', async () => {
  await inPreparedSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks', { freshness: '5s' });
    await sandbox.sql(`INSERT INTO sales VALUES (1000, 'x', 1), (1001, 'x', 1)`);
    const [ranks, summary] = await sandbox.rows(
      'SELECT *, frontier_at <= now() AS at FROM imat_catalog.status ORDER BY name',
    );
    expect(Object.keys(summary ?? {})).toEqual([
      'name',
      'relation',
      'strategy',
      'freshness',
      'state',
      'pending_rows',
      'sources',
      'original',
      'state_bytes',
      'log_bytes',
      'frontier_at',
      'last_action',
      'last_reason',
      'last_run_at',
      'last_ms',
      'failed_attempts',
      'error_code',
      'error',
      'error_hint',
      'next_attempt_at',
      'worker',
      'problems',
      'log_rows',
      'reset_pending',
      'at',
    ]);
    expect(summary).toMatchObject({
      name: 'summary',
      relation: 'imat.summary',
      strategy: 'delta',
      freshness: 'live',
      state: 'active',
      pending_rows: '2',
      sources: '{sales}',
      original: 'summary',
      at: true,
    });
    // Its source is logged row by row for the other one.
    expect(ranks).toMatchObject({
      name: 'ranks',
      strategy: 'swap',
      freshness: '5s',
      state: 'active',
      pending_rows: '2',
      original: 'ranks',
    });
    const [status] = (await sandbox.imat.status('summary')).imats;
    expect(status).toEqual({
      name: 'summary',
      relation: 'imat.summary',
      strategy: 'delta',
      freshness: 'live',
      state: 'active',
      pendingRows: 2,
      resetPending: false,
      sources: ['public.sales'],
      original: 'public.summary',
      stateBytes: expect.any(Number),
      logBytes: expect.any(Number),
      logRows: expect.any(Number),
      frontierAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      lastRun: {
        action: 'load',
        reason: 'converted',
        endedAt: expect.any(String),
        ms: expect.any(Number),
      },
      failure: null,
      worker: null,
      problems: [],
    });
    expect(status?.stateBytes).toBeGreaterThan(0);
    expect(status?.logBytes).toBeGreaterThan(0);
    await sandbox.sql('BEGIN; TRUNCATE sales');
    expect(
      await sandbox.rows('SELECT name, reset_pending FROM imat_catalog.status ORDER BY name'),
    ).toEqual([
      { name: 'ranks', reset_pending: false },
      { name: 'summary', reset_pending: true },
    ]);
    await sandbox.sql('ROLLBACK');
    await sandbox.sql('CALL imat.fold($$summary$$)');
    await sandbox.sql('CALL imat.swap($$ranks$$)');
    expect((await sandbox.imat.list()).map((imat) => imat.pendingRows)).toEqual([0, 0]);
    await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
  });
});

test('a user’s view over the status keeps the catalog when the last imat goes', async () => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.sql(
      'CREATE VIEW monitoring AS SELECT name, pending_rows FROM imat_catalog.status',
    );
    await sandbox.imat.revert('summary');
    expect(await sandbox.rows('SELECT * FROM monitoring')).toEqual([]);
    await sandbox.sql('DROP VIEW monitoring');
    await sandbox.imat.convert('summary');
    await sandbox.imat.revert('summary');
    expect(await sandbox.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
  });
});

test('what several stores take is told together, and each of them is missed', async () => {
  await inPreparedSandbox(SALES, async (sandbox) => {
    // Sums of sums, beside different values: stores over stores.
    const definition = `SELECT n, count(*) AS groups, count(DISTINCT total) AS totals
      FROM (SELECT region, count(*) AS n, sum(amount) AS total
        FROM public.sales GROUP BY region) AS r
      GROUP BY n`;
    await sandbox.imat.create('sizes', definition);
    const stored = await sandbox.rows<{ name: string; bytes: string }>(
      `SELECT relname::text AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'imat_store'::regnamespace
         AND relname LIKE 'state%' ORDER BY 1`,
    );
    expect(stored.length).toBeGreaterThan(2);
    const [before] = (await sandbox.imat.status('sizes')).imats;
    expect(before).toMatchObject({
      state: 'active',
      stateBytes: stored.reduce((sum, { bytes }) => sum + Number(bytes), 0),
    });
    await sandbox.sql(`DROP TABLE imat_store.${stored.at(-1)?.name} CASCADE`);
    const [after] = (await sandbox.imat.status('sizes')).imats;
    expect(after?.problems).toContainEqual(expect.objectContaining({ severity: 'broken' }));
    await sandbox.imat.repair('sizes');
    await expectEqual(sandbox.db, 'imat.sizes', definition);
    const [repaired] = (await sandbox.imat.status('sizes')).imats;
    expect(repaired).toMatchObject({
      state: 'active',
      problems: [],
      stateBytes: before?.stateBytes,
    });
  });
});
