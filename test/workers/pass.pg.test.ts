/** What a pass of a worker does, and what it leaves behind. */
import { expect, test } from 'vitest';
import type { RunReport } from '../../workers/worker.ts';
import { runCli } from '../cli/built-cli.ts';
import { until, type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';
import { REBUILT } from '../setup/rebuilt.ts';

let world: World;
const { pass, wholePass, rested, makeEmpty } = usePasses((created) => {
  world = created;
});

test('a database without imats is left alone', async () => {
  await makeEmpty();
  expect(await pass()).toEqual([]);
  expect(await world.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
});

test('a database that cannot be reached does not keep the others from their pass', async () => {
  await world.imat.convert('sums');
  await world.sql('INSERT INTO t VALUES (1, 1)');
  const bad = 'postgres://nobody@127.0.0.1:1/nothing';
  const { status, stdout, stderr } = await runCli([
    'worker',
    '--once',
    '--json',
    bad,
    world.url,
    '--max-pending-age',
    '10ms',
  ]);
  expect(status).toBe(4);
  const { runs, failures } = JSON.parse(stdout) as { runs: RunReport[]; failures: unknown[] };
  expect(summaries(runs)).toEqual(['fold sums (age_bound)']);
  expect(failures).toEqual([
    {
      database: 'nothing',
      error: expect.objectContaining({ code: 'IM015', hint: expect.any(String) }),
    },
  ]);
  expect(JSON.parse(stderr)).toMatchObject({ level: 'error', database: 'nothing', code: 'IM015' });
  expect(await world.value('SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat')).toBe(
    '0',
  );
});

test('a pass that takes longer than its leases keeps them', async () => {
  await world.imat.convert('sums');
  const blocker = await world.session();
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_sums FOR UPDATE');
  await world.sql('UPDATE t SET v = v + 1');
  const leaseMs = 1500;
  const passing = pass({ leaseMs });
  const leaseUntil = () =>
    world.value<string | null>('SELECT lease_until::text FROM imat_catalog.schedule');
  await until('it is leased', async () => (await leaseUntil()) !== null);
  const first = await leaseUntil();
  await until('the lease has been renewed beyond its first end', () =>
    world.value<boolean>(
      `SELECT lease_until > '${first}'::timestamptz + ${2 * leaseMs} * interval '1 ms'
       FROM imat_catalog.schedule`,
    ),
  );
  await blocker.sql('ROLLBACK');
  expect(summaries(await passing)).toEqual(['fold sums (age_bound)']);
  expect(await world.rows('SELECT FROM imat_catalog.worker')).toEqual([]);
});

test('nothing is done if nothing is pending, and the skips are in the history', async () => {
  await world.imat.convert('sums');
  await world.sql('INSERT INTO t VALUES (1, 1)');
  expect(summaries(await pass())).toEqual(['fold sums (age_bound)']);
  expect(await pass()).toEqual([]);
  expect(
    await world.rows(
      'SELECT name, action, reason, pending_rows, rows, error FROM ' +
        "imat_catalog.history WHERE action <> 'load' ORDER BY id",
    ),
  ).toEqual([
    {
      name: 'sums',
      action: 'fold',
      reason: 'age_bound',
      pending_rows: '1',
      rows: '1',
      error: null,
    },
    {
      name: 'sums',
      action: 'skip',
      reason: 'nothing_changed',
      pending_rows: '0',
      rows: null,
      error: null,
    },
    {
      name: 'sums',
      action: 'skip',
      reason: 'nothing_changed',
      pending_rows: '0',
      rows: null,
      error: null,
    },
  ]);
  expect(await world.rows('SELECT FROM imat_catalog.worker')).toEqual([]);
});

test('every pass reports an imat that is broken, until it is repaired', async () => {
  await world.imat.create('counts', 'SELECT k, count(*) AS n FROM public.t GROUP BY k');
  await world.sql('ALTER TABLE t DISABLE TRIGGER USER; ALTER TABLE t ENABLE TRIGGER USER');
  for (let round = 0; round < 2; round++)
    expect(await wholePass()).toMatchObject({
      failing: [{ imat: 'counts', code: 'IM024' }],
    });
  await world.imat.repair('counts');
  expect(await wholePass()).toMatchObject({ failing: [] });
});

test('every pass reports an imat that fails, until somebody has fixed it by hand', async () => {
  await world.imat.create('ratio', 'SELECT k, sum(1000 / v) AS s FROM public.t GROUP BY k');
  await world.sql('INSERT INTO t VALUES (1, 0)');
  const retries: (number | null)[] = [];
  for (let round = 0; round < 3; round++) {
    const { runs, failing } = await wholePass();
    expect(summaries(runs)).toEqual(['fold ratio (age_bound) IM012']);
    expect(runs[0]?.error).toMatchObject({
      message: 'division by zero',
      detail: 'PostgreSQL said so while imat "ratio" was maintained.',
      hint: 'Fix the rows or the definition, then run imat fold ratio to retry now.',
    });
    expect(failing).toEqual([]);
    retries.push(runs[0]?.retryMs ?? null);
    expect(await wholePass()).toMatchObject({
      runs: [],
      failing: [{ imat: 'ratio', code: 'IM012' }],
    });
    const { checks } = await world.imat.doctor();
    expect(checks.filter(({ check }) => check === 'imat ratio')).toEqual([
      {
        check: 'imat ratio',
        status: 'error',
        message: 'IM012: division by zero',
        hint: 'Fix the rows or the definition, then run imat fold ratio to retry now.',
      },
    ]);
    await world.sql('UPDATE imat_catalog.schedule SET next_attempt_at = clock_timestamp()');
  }
  expect(retries).toEqual([60_000, 120_000, 240_000]);
  await world.sql('DELETE FROM t WHERE v = 0');
  await world.imat.fold('ratio');
  expect(await wholePass()).toMatchObject({ runs: [], failing: [] });
  await world.sql('INSERT INTO t VALUES (1, 0)');
  expect((await pass())[0]?.retryMs).toBe(60_000);
  expect((await world.imat.status('ratio')).imats[0]?.failure).toMatchObject({ attempts: 1 });
});

test('statements and waits for locks are bounded', async () => {
  await world.sql(`CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      IF current_setting('application_name') = 'imat worker' THEN
        PERFORM pg_sleep(3600);
      END IF;
      RETURN n;
    END $$`);
  await world.imat.create(
    'slow',
    `${REBUILT} SELECT k, rank() OVER (ORDER BY v) AS r FROM public.t WHERE k = slow(k)`,
    { freshness: '1ms' },
  );
  await world.sql('INSERT INTO t VALUES (1, 1)');
  await rested();
  expect(summaries(await pass({ statementTimeoutMs: 500 }))[0]).toBe(
    'swap slow (source_changed) IM019',
  );
  await world.imat.revert('slow');
  await world.imat.convert('sums');
  await world.sql('INSERT INTO t VALUES (1, 1)');
  const holder = await world.session();
  await holder.sql(`BEGIN; LOCK TABLE imat_store.state_sums IN ACCESS EXCLUSIVE MODE`);
  expect(summaries(await pass({ lockTimeoutMs: 200 }))).toEqual(['fold sums (age_bound) IM016']);
  await holder.sql('ROLLBACK');
});
