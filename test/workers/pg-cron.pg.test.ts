/** Maintenance by pg_cron alone, on a server that has it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPgCron } from '../../tools/install-services.mjs';
import { type PostgresServer, startPostgres } from '../../tools/postgres.ts';
import { connectDb } from '../../engine/db/connect-db.ts';
import { createImat } from '../../engine/index.ts';
import { expectExact, openWorld, until, type World } from '../engine/commands/support/world.ts';
import { createPreparedSandbox } from '../engine/commands/support/sandbox.ts';
import { REBUILT } from '../setup/rebuilt.ts';
import { foldAll } from '../setup/fold-all.ts';

const binaries = findPgCron();
if (binaries === null)
  process.stderr.write(
    'NOT RUN: the tests of imat schedule --pg-cron, as there is no ' +
      'pg_cron for the PostgreSQL of this machine\n',
  );

const RANKS = `${REBUILT} SELECT k, rank() OVER (ORDER BY sum(v)) AS r FROM public.t GROUP BY k`;
const SUMS = 'SELECT k, sum(v) AS s FROM public.t GROUP BY k';

describe.skipIf(binaries === null)('with pg_cron', () => {
  let server: PostgresServer;
  let world: World;
  beforeAll(async () => {
    server = await startPostgres({
      ...(binaries === null ? {} : { binaries }),
      settings: {
        shared_preload_libraries: 'pg_cron',
        'cron.database_name': 'postgres',
        'cron.host': '127.0.0.1',
        default_transaction_isolation: 'repeatable read',
      },
    });
    world = await openWorld(
      server.url,
      `CREATE EXTENSION pg_cron;
       CREATE TABLE t (k int, v int);
       INSERT INTO t SELECT g % 10, g FROM generate_series(1, 100) g`,
      async () => undefined,
    );
    await world.imat.create('sums', SUMS);
    await world.imat.create('ranks', RANKS);
    await world.imat.create('ranks_1s', RANKS, { freshness: '1s' });
    await world.imat.create('never', SUMS, { freshness: 'manual' });
    await world.sql('CREATE TABLE ratios (k int, a int, b int)');
    await world.imat.create('breaks', 'SELECT k, sum(a / b) AS r FROM public.ratios GROUP BY k');
  });
  afterAll(async () => {
    await world?.drop();
    await server?.stop();
  });

  /** Without the imats' ids. */
  const jobs = () =>
    world.rows<{ name: string }>(
      `SELECT regexp_replace(jobname, '^(imat maintain) \\d+', '\\1') AS name
       FROM cron.job
       ORDER BY 1`,
    );

  test('a dry run says what would be run, and does not', async () => {
    const { statements } = await world.imat.schedule({
      everySeconds: null,
      remove: false,
      dryRun: true,
    });
    expect(statements).toHaveLength(3);
    expect(await jobs()).toEqual([]);
  });

  test('one job for each imat that is not manual, one for the jobs, one for upkeep', async () => {
    await world.imat.schedule({ everySeconds: null, remove: false, dryRun: false });
    // As an earlier release has scheduled it: the next job that keeps the jobs puts it right.
    await world.sql(`SELECT cron.schedule('imat upkeep', '*/10 * * * *', 'SELECT 1')`);
    expect(await world.value(`SELECT imat_catalog.sync_cron('* * * * *')`)).toBe(1);
    const names = [
      'imat jobs',
      'imat maintain breaks',
      'imat maintain ranks',
      'imat maintain ranks_1s',
      'imat maintain sums',
      'imat upkeep',
    ];
    expect((await jobs()).map((job) => job.name)).toEqual(names);
    expect(await world.value(`SELECT imat_catalog.sync_cron('* * * * *')`)).toBe(0);
    const long = 'n'.repeat(62);
    for (const name of [`it's "odd"`, `${long}1`, `${long}2`]) await world.imat.create(name, SUMS);
    await world.imat.revert('ranks');
    expect(await world.value(`SELECT imat_catalog.sync_cron('* * * * *')`)).toBe(4);
    expect(await world.value(`SELECT imat_catalog.sync_cron('* * * * *')`)).toBe(0);
    for (const name of [`${long}1`, `${long}2`]) await world.imat.revert(name);
    expect(await world.value(`SELECT imat_catalog.sync_cron('* * * * *')`)).toBe(2);
    expect((await jobs()).map((job) => job.name)).toContain(`imat maintain it's "odd"`);
    expect((await jobs()).map((job) => job.name)).not.toContain('imat maintain ranks');
  });

  test('pg_cron itself folds and swaps, and one that fails stops no other', async () => {
    await world.sql(`INSERT INTO t VALUES (77, 1); INSERT INTO ratios VALUES (1, 1, 0)`);
    await until(
      'the minute is over',
      async () =>
        (await world.value<string>(
          `SELECT count(DISTINCT jobid)
           FROM cron.job_run_details
           WHERE status IN ('succeeded', 'failed') AND command LIKE 'CALL%'`,
        )) >= '4',
      100_000,
    );
    await until(
      'all are maintained',
      async () =>
        (await world.value<number>(
          `SELECT sum(imat_catalog.pending_rows(id))::int
           FROM imat_catalog.imat
           WHERE name NOT IN ('never', 'breaks')`,
        )) === 0,
      70_000,
    );
    for (const name of ['sums', `"it's ""odd"""`])
      await expectExact(world, { name, definition: SUMS });
    await expectExact(world, { name: 'ranks_1s', definition: RANKS });
    expect(
      await world.rows(
        `SELECT DISTINCT return_message FROM cron.job_run_details WHERE status = 'failed'`,
      ),
    ).toEqual([{ return_message: expect.stringContaining('division by zero') }]);
    expect((await world.imat.status('sums')).imats[0]?.lastRun).toMatchObject({
      action: 'fold',
      reason: 'scheduled',
    });
    await world.sql('DELETE FROM ratios');
    await world.imat.fold('breaks');
  });

  test('pg_cron cleans logs and folds counters, whatever the default isolation is', async () => {
    await world.sql(`SELECT imat.create_group('counted', ARRAY['public.t'::regclass])`);
    await world.sql('INSERT INTO t SELECT g % 10, g FROM generate_series(1, 2000) g');
    const rows = () => world.value<number>('SELECT count(*)::int FROM imat_store.log_public_t');
    await world.sql(`SELECT imat.set_mark('counted', 'loaded')`);
    const counters = () =>
      world.value<number>('SELECT count(*)::int FROM imat_catalog.change_count');
    expect(await counters()).toBeGreaterThan(0);
    // Every imat has taken them in, and nobody has cleaned: as after a crash in between.
    await world.sql(`SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname <> 'imat upkeep'`);
    await foldAll(world.imat);
    for (const name of ['ranks_1s']) await world.imat.swap(name);
    await world.sql(
      'INSERT INTO imat_store.log_public_t SELECT l.* FROM imat_store.log_public_t l',
    );
    expect(await rows()).toBeGreaterThan(100);
    await world.sql(`UPDATE cron.job SET schedule = '* * * * *' WHERE jobname = 'imat upkeep'`);
    await until('the logs are cleaned', async () => (await rows()) <= 100, 130_000);
    await until('the counters are folded', async () => (await counters()) === 0, 130_000);
    await world.sql(`SELECT imat.drop_group('counted')`);
  });

  test('a role that is no superuser needs USAGE on its schema, and nothing else', async () => {
    const role = await world.role();
    await world.sql(
      `GRANT USAGE ON SCHEMA imat_catalog TO ${role};
       GRANT SELECT ON ALL TABLES IN SCHEMA imat_catalog TO ${role}`,
    );
    const address = new URL(server.url);
    address.username = role;
    const db = await connectDb({ kind: 'url', url: address.href });
    const imat = createImat(db);
    const request = { everySeconds: null, remove: false, dryRun: false };
    await expect(imat.schedule({ ...request, dryRun: true })).rejects.toMatchObject({
      condition: 'insufficient_privilege',
      hint: `Run as its owner: GRANT USAGE ON SCHEMA cron TO ${role}.`,
    });
    await world.sql(`GRANT USAGE ON SCHEMA cron TO ${role}`);
    expect((await imat.schedule({ ...request, dryRun: true })).statements).toHaveLength(3);
    await db.close();
  });

  test('seconds need a pg_cron that knows them', async () => {
    const version = await world.value<string>(
      `SELECT extversion FROM pg_extension WHERE extname = 'pg_cron'`,
    );
    const request = world.imat.schedule({ everySeconds: 5, remove: false, dryRun: true });
    if (Number(/\d+\.(\d+)/.exec(version)?.[1]) >= 5)
      expect((await request).statements[0]).toContain('5 seconds');
    else await expect(request).rejects.toMatchObject({ condition: 'invalid_argument' });
  });

  test('and they are gone when they are taken away', async () => {
    await world.imat.schedule({ everySeconds: null, remove: true, dryRun: false });
    expect(await jobs()).toEqual([]);
  });
});

test('without pg_cron it says what to do', async () => {
  const sandbox = await createPreparedSandbox();
  await sandbox.imat.init();
  await expect(
    sandbox.imat.schedule({ everySeconds: null, remove: false, dryRun: true }),
  ).rejects.toMatchObject({
    condition: 'strategy_unavailable',
    hint: expect.stringContaining('CREATE EXTENSION pg_cron'),
  });
  await sandbox.drop();
});
