/** What a pass of a worker does and leaves: requests, publication at one snapshot, rebuilds, change signals, logs, history. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inject } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../workers/policy.ts';
import { createImat, type Imat } from '../../engine/index.ts';
import { ImatWorker, type Pass, type RunReport } from '../../workers/worker.ts';
import { runCli } from '../cli/built-cli.ts';
import {
  createWorld,
  expectExact,
  outcomeOf,
  type Session,
  until,
  type World,
} from '../engine/commands/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld(`
    CREATE TABLE t (k int, v int); INSERT INTO t SELECT g % 10, g FROM generate_series(1, 1000) g;
    CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s, count(*) AS n FROM t GROUP BY k`);
});
afterEach(async () => {
  await world.sql(`ALTER DATABASE ${new URL(world.url).pathname.slice(1)} OWNER TO CURRENT_USER`);
  await world.drop();
});

/** A role without superuser rights that owns the database and t. */
async function makeOwner(
  options = '',
): Promise<Session & { readonly imat: Imat; readonly url: string }> {
  const role = await world.role(options);
  const address = new URL(world.url);
  await world.sql(
    `ALTER DATABASE ${address.pathname.slice(1)} OWNER TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}; ALTER TABLE t OWNER TO ${role}`,
  );
  address.username = role;
  const session = await world.session(role);
  return { ...session, imat: createImat(session.db), url: address.href };
}

const QUICK: Policy = { ...DEFAULT_POLICY, tickMs: 20, liveSwapMs: 0 };

async function pass(changes: Partial<Policy> = {}, url = world.url): Promise<readonly RunReport[]> {
  return (await wholePass(changes, url)).runs;
}

async function wholePass(changes: Partial<Policy> = {}, url = world.url): Promise<Pass> {
  const worker = new ImatWorker({
    targets: [{ kind: 'url', url }],
    queue: null,
    policy: { ...QUICK, ...changes },
    version: 'test',
    logLevel: 'silent',
    writeLog: () => undefined,
    http: null,
  });
  try {
    const result = await worker.once();
    expect(result.failures).toEqual([]);
    return result;
  } finally {
    await worker.stop();
  }
}

/** What was done is so long ago that nothing rests from it. */
const rested = (): Promise<void> =>
  world.sql(`UPDATE imat_catalog.schedule SET last_ended_at = last_ended_at - interval '1 minute'`);

const told = (runs: readonly RunReport[]): string[] =>
  runs.map(
    (run) =>
      `${run.action} ${run.imat} (${run.reason})${run.error === null ? '' : ` ${run.error.code}`}`,
  );

test('a database without imats is left alone', async () => {
  expect(await pass()).toEqual([]);
  expect(await world.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
});

test('a database that cannot be reached keeps no other from its pass', async () => {
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
  expect(told(runs)).toEqual(['fold sums (age_bound)']);
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
  const leased = () =>
    world.value<boolean>('SELECT lease_until > clock_timestamp() FROM imat_catalog.schedule');
  const passing = pass({ leaseMs: 600 });
  await until('it is leased', leased);
  for (let n = 0; n < 20; n++) {
    await sleep(100);
    expect(await leased()).toBe(true);
  }
  await blocker.sql('ROLLBACK');
  expect(told(await passing)).toEqual(['fold sums (age_bound)']);
  expect(await world.rows('SELECT FROM imat_catalog.worker')).toEqual([]);
});

test('nothing pending: nothing done, and the skips are in the history', async () => {
  await world.imat.convert('sums');
  await world.sql('INSERT INTO t VALUES (1, 1)');
  expect(told(await pass())).toEqual(['fold sums (age_bound)']);
  expect(await pass()).toEqual([]);
  expect(
    await world.rows(
      `SELECT name, action, reason, pending_rows, rows, error FROM imat_catalog.history WHERE action <> 'load' ORDER BY id`,
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

test('an imat that fails is told of by every pass, and what was mended by hand counts no more', async () => {
  await world.imat.create('ratio', 'SELECT k, sum(1000 / v) AS s FROM public.t GROUP BY k');
  await world.sql('INSERT INTO t VALUES (1, 0)');
  const retries: (number | null)[] = [];
  for (let round = 0; round < 3; round++) {
    const { runs, failing } = await wholePass();
    expect(told(runs)).toEqual(['fold ratio (age_bound) IM012']);
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

test('what a worker runs, and what it waits for, has a bound', async () => {
  await world.sql(`CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql AS $$
    BEGIN IF current_setting('application_name') = 'imat worker' THEN PERFORM pg_sleep(20); END IF; RETURN n; END $$`);
  await world.imat.create(
    'slow',
    'SELECT k, rank() OVER (ORDER BY v) AS r FROM public.t WHERE k = slow(k)',
    { freshness: '1ms' },
  );
  await world.sql('INSERT INTO t VALUES (1, 1)');
  await rested();
  const start = performance.now();
  expect(told(await pass({ statementTimeoutMs: 500 }))[0]).toBe('swap slow (source_changed) IM019');
  await world.imat.revert('slow');
  await world.imat.convert('sums');
  await world.sql('INSERT INTO t VALUES (1, 1)');
  const holder = await world.session();
  await holder.sql(`BEGIN; LOCK TABLE imat_store.state_sums IN ACCESS EXCLUSIVE MODE`);
  expect(told(await pass({ lockTimeoutMs: 200 }))).toEqual(['fold sums (age_bound) IM016']);
  expect(performance.now() - start).toBeLessThan(15_000);
  await holder.sql('ROLLBACK');
});

describe('requests', () => {
  test('are carried out, and the caller can see how it went', async () => {
    await world.imat.init();
    await world.sql(`SELECT imat.create_imat('sums'); SELECT imat.create_imat('no such view')`);
    const runs = await pass();
    expect(told(runs)).toEqual([
      'request sums (requested)',
      'request no such view (requested) IM001',
    ]);
    await expectExact(world, {
      name: 'sums',
      definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
    });
    expect(
      await world.rows(
        `SELECT name, error_code, error IS NULL AS fine, carried_out_at IS NOT NULL AS done FROM imat_catalog.request ORDER BY id`,
      ),
    ).toEqual([
      { name: 'sums', error_code: null, fine: true, done: true },
      { name: 'no such view', error_code: 'IM001', fine: false, done: true },
    ]);
    expect(
      await world.rows(
        `SELECT name, imat_id IS NOT NULL AS made, error_code FROM imat_catalog.history WHERE action = 'request' AND reason = 'requested' ORDER BY id`,
      ),
    ).toEqual([
      { name: 'sums', made: true, error_code: null },
      { name: 'no such view', made: false, error_code: 'IM001' },
    ]);
    expect(await world.value(`SELECT imat.create_imat('sums')`)).toContain('exists already');
    expect(await world.value(`SELECT imat.create_imat('no such view')`)).toMatch(
      /^failed: .*\(IM001\)\. To ask again, call this a minute later/,
    );
    await world.sql(
      `UPDATE imat_catalog.request SET carried_out_at = carried_out_at - interval '1 minute'`,
    );
    expect(await world.value(`SELECT imat.create_imat('no such view')`)).toMatch(
      /^recorded: .*The last attempt failed: .*\(IM001\)/,
    );
    await expect(world.value('SELECT imat.create_imat(NULL)')).rejects.toMatchObject({
      sqlstate: '22004',
    });
    const nobody = await world.session(await world.role());
    await expect(nobody.value(`SELECT imat.create_imat('sums')`)).rejects.toMatchObject({
      sqlstate: '42501',
      message: expect.stringContaining('may not ask for imats'),
    });
  });

  test('of a view under another name than its imat’s are not recorded again, and go with the history unless their imat is there', async () => {
    await world.imat.init();
    const names = () => world.rows('SELECT name FROM imat_catalog.request ORDER BY id');
    await world.sql(
      `SELECT imat.create_imat('public.sums'); SELECT imat.create_imat('no such view')`,
    );
    await pass();
    expect(await world.value(`SELECT imat.create_imat('public.sums')`)).toBe(
      'imat "sums" exists already: read imat.sums',
    );
    expect(await names()).toEqual([{ name: 'public.sums' }, { name: 'no such view' }]);
    await world.sql(`UPDATE imat_catalog.request SET carried_out_at = now() - interval '2 days'`);
    await world.sql(`SELECT imat.create_imat('no such view either')`);
    await pass({ historyMs: 3 * 86_400_000 });
    expect(await names()).toHaveLength(3);
    await pass();
    expect(await names()).toEqual([{ name: 'public.sums' }, { name: 'no such view either' }]);
    await world.imat.revert('sums');
    await pass();
    expect(await names()).toEqual([{ name: 'no such view either' }]);
  });

  test('two workers at once carry each out once', async () => {
    await world.imat.init();
    for (let n = 0; n < 6; n++)
      await world.sql(
        `CREATE MATERIALIZED VIEW m${n} AS SELECT count(*) FROM t; SELECT imat.create_imat('m${n}')`,
      );
    const runs = (await Promise.all([pass(), pass(), pass()]))
      .flat()
      .filter((run) => run.action === 'request');
    expect(runs.map((run) => run.imat).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
    expect(runs.filter((run) => run.error !== null)).toEqual([]);
  });
});

describe('imats that read imats', () => {
  const LOW = 'SELECT k, sum(v) AS s FROM public.t GROUP BY k';
  const EVEN = 'SELECT k, count(*) AS n FROM public.t GROUP BY k';
  const TOP =
    'SELECT low.k, low.s, even.n, rank() OVER (ORDER BY low.s) AS r FROM imat.low JOIN imat.even USING (k)';

  const consistent = async (): Promise<void> => {
    // What `top` stores is its definition over `low` and `even` as of one moment, so it agrees with them at every snapshot.
    expect(
      await world.rows(
        `(SELECT k, s FROM imat.top EXCEPT ALL SELECT k, s FROM imat.low) UNION ALL (SELECT k, n FROM imat.top EXCEPT ALL SELECT k, n FROM imat.even)`,
      ),
    ).toEqual([]);
  };

  test('a diamond over stored imats is published at one snapshot, and once', async () => {
    await world.imat.create('low', LOW, { freshness: '1ms' });
    await world.imat.create('even', EVEN, { freshness: '1ms' });
    await world.imat.create('top', TOP, { freshness: '1ms' });
    await pass();
    await rested();
    await world.sql('INSERT INTO t SELECT 77, g FROM generate_series(1, 5) g');
    const runs = await pass();
    expect(told(runs)).toContain('publish top (source_changed)');
    const frontiers = await world.rows(
      `SELECT DISTINCT f.snapshot::text FROM imat_catalog.frontier f`,
    );
    expect(frontiers).toHaveLength(1);
    await consistent();
    expect(await world.rows('SELECT k, s, n FROM imat.top WHERE k = 77')).toEqual([
      { k: 77, s: '15', n: '5' },
    ]);
    expect(await pass()).toEqual([]);
  });

  test('under a writer, the top of the diamond never mixes two moments of what it reads', async () => {
    // Each row counts 1, so sum and count of a key agree at any one snapshot.
    await world.sql(
      'CREATE TABLE ones (k int, one int); INSERT INTO ones SELECT g % 10, 1 FROM generate_series(1, 200) g',
    );
    await world.imat.create('low', 'SELECT k, sum(one) AS s FROM public.ones GROUP BY k', {
      freshness: '1ms',
    });
    await world.imat.create('even', 'SELECT k, count(*) AS n FROM public.ones GROUP BY k', {
      freshness: '1ms',
    });
    await world.imat.create('top', TOP, { freshness: '1ms' });
    const writer = await world.session();
    let stopping = false;
    const writing = (async () => {
      for (let n = 0; !stopping; n++) await writer.sql(`INSERT INTO ones VALUES (${n % 13}, 1)`);
    })();
    for (let round = 0; round < 8; round++) {
      expect((await pass()).filter((run) => run.error !== null)).toEqual([]);
      expect(await world.rows('SELECT * FROM imat.top WHERE s <> n')).toEqual([]);
    }
    stopping = true;
    await writing;
    await pass();
    await consistent();
    expect(
      await world.rows(`SELECT relname FROM pg_class WHERE relname LIKE 'slot%' AND relkind = 'r'`),
    ).toHaveLength(1);
  });

  test('a member that fails does not hold the others back', async () => {
    await world.imat.create('low', LOW, { freshness: '1ms' });
    await world.imat.create('even', EVEN, { freshness: '1ms' });
    await world.sql(
      'CREATE FUNCTION breaks(n bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$ BEGIN IF n > 1000000 THEN RAISE EXCEPTION $m$too much$m$; END IF; RETURN n; END $$',
    );
    await world.imat.create(
      'top',
      'SELECT k, public.breaks(s) AS s, rank() OVER (ORDER BY s) AS r FROM imat.low',
      { freshness: '1ms' },
    );
    await pass();
    await world.sql('INSERT INTO t VALUES (5, 2000000)');
    const runs = await pass();
    expect(told(runs)).toContain('publish top (source_changed) IM012');
    expect(
      await world.rows(
        `SELECT name FROM imat_catalog.imat WHERE imat_catalog.pending_rows(id) > 0 AND name <> 'top'`,
      ),
    ).toEqual([]);
    expect((await world.imat.status('top')).imats[0]?.failure).toMatchObject({
      code: 'IM012',
      message: 'too much',
    });
    expect((await world.imat.status('even')).imats[0]?.failure).toBeNull();
  });

  test('a stored imat that fails is read as it is stored, and its error is its own', async () => {
    await world.sql('CREATE TABLE weights (k int, w int); INSERT INTO weights VALUES (1, 1)');
    await world.imat.create('low', 'SELECT k, sum(1000 / v) AS s FROM public.t GROUP BY k', {
      freshness: '1ms',
    });
    const top =
      'SELECT weights.k, w, s, rank() OVER (ORDER BY w) AS r FROM public.weights LEFT JOIN imat.low USING (k)';
    await world.imat.create('top', top, { freshness: '1ms' });
    await pass();
    await world.sql('INSERT INTO t VALUES (2, 0); INSERT INTO weights VALUES (2, 2)');
    expect(told(await pass())).toContain('publish top (source_changed) IM012');
    const failureOf = async (name: string): Promise<unknown> =>
      (await world.imat.status(name)).imats[0]?.failure;
    expect(await failureOf('low')).toMatchObject({ code: 'IM012', message: 'division by zero' });
    await until('top is tried again, without it', async () =>
      told(await pass()).includes('swap top (source_changed)'),
    );
    await expectExact(world, { name: 'top', definition: top });
    expect(await failureOf('top')).toBeNull();
    expect(await failureOf('low')).toMatchObject({ code: 'IM012' });
    await world.sql('UPDATE t SET v = 1 WHERE v = 0');
    await world.imat.fold('low');
    await until('top follows', async () => (await pass()).length === 0);
    await expectExact(world, { name: 'top', definition: top });
    expect(await failureOf('low')).toBeNull();
  });

  test('two that share what they read are published once each, and then nothing is done', async () => {
    await world.imat.create('low', LOW, { freshness: '1ms' });
    for (const [name, order] of [
      ['up', 'ASC'],
      ['down', 'DESC'],
    ] as const)
      await world.imat.create(
        name,
        `SELECT k, s, rank() OVER (ORDER BY s ${order}) AS r FROM imat.low`,
        { freshness: '1ms' },
      );
    await pass();
    for (let round = 0; round < 3; round++) {
      expect(await pass()).toEqual([]);
      await rested();
      await world.sql(`INSERT INTO t VALUES (5, ${round})`);
      expect(
        told(await pass())
          .filter((run) => !run.startsWith('finish'))
          .toSorted(),
      ).toEqual(['publish down (source_changed)', 'publish up (source_changed)']);
      for (const name of ['up', 'down'])
        expect(
          await world.rows(
            `(SELECT k, s FROM imat.${name} EXCEPT ALL ${LOW}) UNION ALL (${LOW} EXCEPT ALL SELECT k, s FROM imat.${name})`,
          ),
        ).toEqual([]);
    }
  });

  test('what is told by its interval alone is swapped by its interval, whoever reads it', async () => {
    await world.imat.create(
      'moment',
      'SELECT k, s, now() AS at FROM (SELECT k, sum(v) AS s FROM public.t GROUP BY k) AS q',
      {
        freshness: '1 hour',
      },
    );
    for (const name of ['one', 'two'])
      await world.imat.create(
        name,
        'SELECT k, rank() OVER (ORDER BY s) AS r, at FROM imat.moment',
        { freshness: '1ms' },
      );
    await pass();
    const at = (): Promise<unknown> => world.value('SELECT min(at)::text FROM imat.moment');
    const stored = await at();
    for (let round = 0; round < 3; round++) expect(await pass()).toEqual([]);
    expect(await at()).toBe(stored);
    await world.sql(
      `UPDATE imat_catalog.schedule SET stored_at = stored_at - interval '2 hours', last_ended_at = last_ended_at - interval '1 minute' WHERE imat_id = (SELECT id FROM imat_catalog.imat WHERE name = 'moment')`,
    );
    expect(told(await pass())[0]).toBe('swap moment (may_have_changed)');
    expect(await at()).not.toBe(stored);
    expect(
      await world.rows(
        'SELECT DISTINCT at FROM imat.one UNION SELECT DISTINCT at FROM imat.two UNION SELECT DISTINCT at FROM imat.moment',
      ),
    ).toHaveLength(1);
    expect(await pass()).toEqual([]);
  });

  test('a live imat that is read comes first', async () => {
    await world.imat.create('low', LOW);
    await world.imat.create('top', 'SELECT k, rank() OVER (ORDER BY s) AS r FROM imat.low');
    await world.sql('INSERT INTO t VALUES (5, 9)');
    expect(told(await pass({ concurrency: 1 }))).toEqual([
      'fold low (age_bound)',
      'swap top (source_changed)',
    ]);
  });
});

describe('a fold that costs more than a rebuild', () => {
  const SUMS = {
    name: 'sums',
    definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
  };

  test('becomes one, by the imat’s own history', async () => {
    await world.imat.convert('sums');
    await world.sql(
      `UPDATE imat_catalog.schedule SET fold_ms_per_row = 100, rebuild_ms = 1; INSERT INTO t SELECT g % 12, g FROM generate_series(1, 500) g; DELETE FROM t WHERE k = 3`,
    );
    const old = await world.session();
    await old.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const before = await old.rows('SELECT * FROM imat.sums ORDER BY k');
    expect(told(await pass())).toEqual(['rebuild sums (fold_dearer)']);
    await expectExact(world, SUMS);
    expect(await world.value(`SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat`)).toBe(
      '0',
    );
    expect(await old.rows('SELECT * FROM imat.sums ORDER BY k')).toEqual(before);
    await old.sql('COMMIT');
    await world.sql('INSERT INTO t VALUES (1, 1)');
    await expectExact(world, SUMS);
    await world.imat.fold('sums');
    await expectExact(world, SUMS);
  });

  const DEAR_FOLD =
    'UPDATE imat_catalog.schedule SET fold_ms_per_row = 100, rebuild_ms = 1; INSERT INTO t SELECT 1, g FROM generate_series(1, 50) g';

  test('is made all the same where the rebuild is refused, and the rebuild is not tried again', async () => {
    await world.imat.convert('sums');
    await world.sql(
      `ALTER TABLE imat_store.state_sums ADD COLUMN of_another_version int; ${DEAR_FOLD}`,
    );
    expect(told(await pass())).toEqual([
      'rebuild sums (fold_dearer) IM021',
      'fold sums (rebuild_refused)',
    ]);
    expect((await world.imat.status('sums')).imats[0]).toMatchObject({
      failure: null,
      pendingRows: 0,
    });
    await world.sql('INSERT INTO t SELECT 1, g FROM generate_series(1, 5000) g');
    expect(told(await pass())).toEqual(['fold sums (age_bound)']);
    await expectExact(world, SUMS);
  });

  test('is made where the worker must not run the functions of the definition, their owner may', async () => {
    // One superuser lets another work on its imats, but not run what an ordinary role wrote.
    const owner = await makeOwner('SUPERUSER');
    await owner.sql(
      `CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 2 * n; END $$;
       ALTER FUNCTION twice(int) OWNER TO ${await world.role()}`,
    );
    await owner.imat.create(
      'doubled',
      'SELECT k, sum(public.twice(v)) AS s FROM public.t GROUP BY k',
    );
    await world.sql(DEAR_FOLD);
    expect(told(await pass())).toEqual(['fold doubled (age_bound)']);
    await world.sql(DEAR_FOLD);
    expect(told(await pass({}, owner.url))).toEqual(['rebuild doubled (fold_dearer)']);
  });

  test('beside a writer and folds', async () => {
    await world.imat.convert('sums');
    const [writer, folder] = [await world.session(), await world.session()];
    let stopping = false;
    const busy = [
      (async () => {
        for (let n = 0; !stopping; n++)
          await writer.sql(
            `INSERT INTO t VALUES (${n % 13}, ${n}); UPDATE t SET v = v + 1 WHERE k = ${n % 7}`,
          );
      })(),
      (async () => {
        while (!stopping) await folder.sql(`CALL imat.fold('sums')`);
      })(),
    ];
    for (let round = 0; round < 8; round++) {
      const outcome = await outcomeOf(world.imat.rebuild('sums'));
      if (outcome instanceof Error) expect(outcome).toMatchObject({ condition: 'contention' });
      await expectExact(world, SUMS);
    }
    stopping = true;
    await Promise.all(busy);
    await expectExact(world, SUMS);
  });

  test.each([
    ['without GROUP BY', 'SELECT count(*) AS n, sum(v) AS s, avg(v) AS a FROM public.t'],
    ['a bag with duplicates', 'SELECT k % 3 AS k FROM public.t WHERE v < 500'],
    [
      'a self-join',
      'SELECT a.k, count(*) AS n FROM public.t a JOIN public.t b ON a.v = b.v + 1 GROUP BY a.k',
    ],
  ])('%s', async (_what, definition) => {
    await world.imat.create('x', definition);
    await world.sql('DELETE FROM t WHERE v % 5 = 0; INSERT INTO t VALUES (NULL, NULL), (3, 3)');
    await world.imat.rebuild('x');
    await expectExact(world, { name: 'x', definition });
    await world.sql('DELETE FROM t');
    await world.imat.rebuild('x');
    await expectExact(world, { name: 'x', definition });
  });

  test('a swap imat has nothing to rebuild', async () => {
    await world.imat.create('ranks', 'SELECT k, rank() OVER (ORDER BY k) FROM public.t');
    await expect(world.imat.rebuild('ranks')).rejects.toMatchObject({
      condition: 'strategy_unavailable',
    });
  });
});

describe('a swap imat with an interval', () => {
  const hoursAgo = (hours: number): Promise<void> =>
    world.sql(
      `UPDATE imat_catalog.schedule SET finish_tried_at = NULL, stored_at = clock_timestamp() - interval '${hours} hours', last_ended_at = clock_timestamp() - interval '${hours} hours'`,
    );
  const RANKS = {
    name: 'ranks',
    definition: 'SELECT k, 1000 / v AS share, rank() OVER (ORDER BY k, v) AS place FROM public.t',
  };
  beforeEach(async () => {
    await world.imat.create(RANKS.name, RANKS.definition, { freshness: '1 hour' });
    await hoursAgo(2);
  });

  test('that fails is tried again when its back-off has ended, however new the failure is', async () => {
    await world.sql('INSERT INTO t VALUES (1, 0)');
    expect(told(await pass())).toEqual([
      'swap ranks (source_changed) IM012',
      'finish ranks (swap_unfinished)',
    ]);
    expect((await world.imat.status('ranks')).imats[0]).toMatchObject({
      failure: { code: 'IM012' },
    });
    await world.sql('UPDATE t SET v = 1 WHERE v = 0');
    expect(await pass()).toEqual([]);
    await world.sql('UPDATE imat_catalog.schedule SET next_attempt_at = clock_timestamp()');
    expect(told(await pass())).toEqual(['swap ranks (source_changed)']);
    await expectExact(world, RANKS);
  });

  test('is as old as its last swap, whenever that was finished', async () => {
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await world.sql('INSERT INTO t VALUES (1, 1)');
    expect(told(await pass())).toEqual(['swap ranks (source_changed)']);
    await hoursAgo(0.5);
    await reader.sql('COMMIT');
    await world.sql('INSERT INTO t VALUES (1, 2)');
    expect(told(await pass())).toEqual(['finish ranks (swap_unfinished)']);
    expect(await pass()).toEqual([]);
    expect((await world.imat.status('ranks')).imats[0]).toMatchObject({
      lastRun: { action: 'swap' },
    });
    await hoursAgo(1);
    expect(told(await pass())).toEqual(['swap ranks (source_changed)']);
    await expectExact(world, RANKS);
  });

  test('is swapped in time while somebody stays in a transaction that has read it', async () => {
    const reader = await world.session();
    await reader.sql('BEGIN; SELECT * FROM imat.ranks');
    for (let round = 0; round < 3; round++) {
      await world.sql(`INSERT INTO t VALUES (1, ${round + 1})`);
      await hoursAgo(1);
      expect(told(await pass())).toEqual(['swap ranks (source_changed)']);
      await expectExact(world, RANKS);
    }
    await reader.sql('COMMIT');
  });
});

test('a publication of all tables, which wants to know rows by an identity', async () => {
  const all = [
    { name: 'sums', definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k' },
    { name: 'ranks', definition: 'SELECT k, v, rank() OVER (ORDER BY v) AS r FROM public.t' },
  ];
  for (const { name, definition } of all)
    await world.imat.create(name, definition, { freshness: '1ms' });
  await world.sql(
    'ALTER TABLE t REPLICA IDENTITY FULL; CREATE PUBLICATION everything FOR ALL TABLES',
  );
  if ((await world.value<number>(`SELECT current_setting('server_version_num')::int`)) >= 180_000) {
    await world.sql('INSERT INTO t VALUES (1, 1)');
    await expect(world.imat.fold('sums')).rejects.toMatchObject({
      condition: 'definition_failed',
      hint: expect.stringContaining('publish_generated_columns = stored'),
    });
    await world.sql('ALTER PUBLICATION everything SET (publish_generated_columns = stored)');
  }
  for (let round = 0; round < 3; round++) {
    await world.sql(`INSERT INTO t VALUES (1, 1); UPDATE t SET v = v + 1 WHERE k = 2`);
    await rested();
    expect(told(await pass()).filter((run) => run.includes('IM'))).toEqual([]);
    await expectExact(world, all);
  }
  const reader = await world.session();
  await reader.sql('BEGIN; SELECT FROM imat.ranks');
  await world.sql(`INSERT INTO t VALUES (1, 1)`);
  await rested();
  expect(told(await pass()).filter((run) => run.includes('IM'))).toEqual([]);
  await expectExact(world, all);
});

test('an imat’s view keeps its content under another name', async () => {
  const definition = 'SELECT k, v, rank() OVER (ORDER BY v) AS r FROM public.t';
  await world.imat.create('ranks', definition, { freshness: '1ms' });
  await world.imat.create('live', definition);
  await world.sql('ALTER VIEW imat.ranks RENAME TO places; ALTER VIEW imat.live RENAME TO alive');
  for (let round = 0; round < 2; round++) {
    await world.sql('INSERT INTO t VALUES (1, 1)');
    for (const name of ['ranks', 'live']) await world.imat.swap(name);
    for (const view of ['places', 'alive'])
      expect(
        await world.rows(
          `(SELECT * FROM imat.${view} EXCEPT ALL ${definition}) UNION ALL (${definition} EXCEPT ALL SELECT * FROM imat.${view})`,
        ),
      ).toEqual([]);
  }
  expect(
    await world.rows(
      `SELECT relname FROM pg_class WHERE relnamespace = 'imat'::regnamespace ORDER BY 1`,
    ),
  ).toEqual([{ relname: 'alive' }, { relname: 'places' }]);
  for (const name of ['ranks', 'live']) await world.imat.revert(name);
  expect(await world.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
});

describe('change signals', () => {
  test('a source that cannot be captured is told by its statistics and its file', async () => {
    await world.sql(`CREATE UNLOGGED TABLE u (a int); INSERT INTO u VALUES (1)`);
    await world.imat.create('over_unlogged', 'SELECT count(*) AS n, max(a) AS m FROM public.u', {
      freshness: '1ms',
    });
    await pass();
    expect(await pass()).toEqual([]);
    await world.sql('INSERT INTO u VALUES (7)');
    await until('the change is seen', async () =>
      told(await pass()).includes('swap over_unlogged (source_changed)'),
    );
    expect(await world.rows('SELECT * FROM imat.over_unlogged')).toEqual([{ n: '2', m: 7 }]);
    await world.sql('TRUNCATE u');
    await until('the truncation is seen', async () =>
      told(await pass()).includes('swap over_unlogged (source_changed)'),
    );
    expect(await world.rows('SELECT * FROM imat.over_unlogged')).toEqual([{ n: '0', m: null }]);
  });

  test('an answer that depends on the moment is swapped whenever its interval has passed', async () => {
    await world.imat.create('recent', `SELECT count(*) AS n, max(now()) AS at FROM public.t`, {
      freshness: '1ms',
    });
    expect(told(await pass())).toContain('swap recent (may_have_changed)');
  });

  test('the extension’s answer spares a look into the logs; where it does not work, the logs are looked into', async () => {
    await world.imat.convert('sums');
    await world.sql('INSERT INTO t VALUES (1, 1)');
    // Stands for the extension: what is asked of it, and what it may do.
    const stand = (body: string) =>
      `CREATE OR REPLACE FUNCTION imat_catalog.unchanged_pairs() RETURNS text[] LANGUAGE plpgsql AS $$ BEGIN ${body} END $$`;
    await world.sql(
      stand(
        `RETURN (SELECT array_agg(z.imat_id || ':' || z.relation::oid) FROM imat_catalog.imat_source z);`,
      ),
    );
    expect(await pass()).toEqual([]);
    await world.sql(stand('RETURN NULL;'));
    expect(told(await pass())).toEqual(['fold sums (age_bound)']);
  });

  test('a look tells in no more than its snapshot that nothing has changed', async () => {
    await world.imat.convert('sums');
    const first = await world.value<{ snapshot: string; imats: unknown[] }>(
      'SELECT imat_catalog.look(NULL, 10, NULL)',
    );
    expect(first.imats).toHaveLength(1);
    const again = `SELECT imat_catalog.look('${first.snapshot}', 10, NULL)`;
    if (new URL(inject('postgresUrl')).pathname !== '') {
      // Other tests on the server begin and end transactions: then the answer is whole, and right as well.
      const second = await world.value<{ snapshot: string; imats?: unknown[] }>(again);
      expect(second.imats === undefined || second.snapshot !== first.snapshot).toBe(true);
    }
    await world.sql('INSERT INTO t VALUES (1, 1)');
    expect(await world.value(again)).toMatchObject({ imats: [{ name: 'sums', pendingRows: 1 }] });
  });
});

describe('logs', () => {
  const index = () =>
    world.rows<{ valid: boolean }>(
      `SELECT is_valid AS valid FROM imat_catalog.log_upkeep WHERE xid_index IS NOT NULL`,
    );
  // Statistics come late unless they are asked for.
  const bulk =
    'INSERT INTO t SELECT g % 10, g FROM generate_series(1, 3000) g; SELECT pg_stat_force_next_flush()';
  const POLICY = { indexFromRows: 2000, upkeepMs: 1 };

  /** Statistics come late; each round asks anew. Gives what was logged. */
  const rounds = async (
    done: (lines: readonly string[]) => Promise<boolean>,
    url = world.url,
  ): Promise<readonly string[]> => {
    const lines: string[] = [];
    const worker = new ImatWorker({
      targets: [{ kind: 'url', url }],
      queue: null,
      policy: { ...QUICK, ...POLICY },
      version: 'test',
      logLevel: 'info',
      writeLog: (line) => lines.push(line),
      http: null,
    });
    await worker.start();
    try {
      await until('upkeep does it', () => done(lines));
    } finally {
      await worker.stop();
    }
    return lines;
  };

  test('one that keeps folded rows gets an index, which pending rows are found by, and loses it with them', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(bulk);
    await rounds(async () => (await index())[0]?.valid === true);
    const plan = await world.rows<{ 'QUERY PLAN': string }>('EXPLAIN SELECT * FROM imat.sums');
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(
      /Index.* using log_public_t_xid_idx/,
    );
    expect((await world.imat.status()).heldBack.join()).not.toContain('sums');
    await world.imat.fold('lags');
    await world.sql('VACUUM ANALYZE imat_store.log_public_t');
    await rounds(async () => (await index()).length === 0);
    await expectExact(world, {
      name: 'sums',
      definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
    });
  });

  test('an index that was not finished is dropped and built again', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(bulk);
    const [open, builder] = [await world.session(), await world.session()];
    await open.sql('BEGIN; INSERT INTO t VALUES (1, 1)');
    await builder.sql(`SET statement_timeout = '300ms'`);
    await outcomeOf(builder.sql('CREATE INDEX CONCURRENTLY ON imat_store.log_public_t (xid)'));
    expect(await index()).toEqual([{ valid: false }]);
    await open.sql('COMMIT');
    await rounds(async () => (await index())[0]?.valid === true);
    expect(await index()).toHaveLength(1);
  });

  test('an index waits for a transaction of another role that stays open, and says so once', async () => {
    const { imat, url } = await makeOwner();
    await imat.create('by_k', 'SELECT k, sum(v) AS s FROM public.t GROUP BY k');
    await imat.create('lags', 'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3', {
      freshness: 'manual',
    });
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await world.sql(bulk);
    const saying = (lines: readonly string[], step: string) =>
      lines.filter((line) => line.includes(`"step":"${step}"`)).length;
    let seen = 0;
    const lines = await rounds(async (said) => {
      if (saying(said, 'index waits') > 0 && seen === 0) seen = performance.now();
      return seen > 0 && performance.now() - seen > 500;
    }, url);
    expect([saying(lines, 'index waits'), saying(lines, 'index')]).toEqual([1, 0]);
    expect(await index()).toEqual([]);
    await reader.sql('COMMIT');
    await rounds(async () => (await index())[0]?.valid === true, url);
  });

  test('one that cannot be cleaned keeps no other from it, and is named with its error', async () => {
    await world.sql(`CREATE TABLE u (k int, v int);
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`);
    const rows = (table: string) =>
      world.value<number>(`SELECT count(*)::int FROM imat_store.log_public_${table}`);
    for (const table of ['t', 'u']) {
      await world.imat.create(
        `of_${table}`,
        `SELECT k, sum(v) AS s FROM public.${table} GROUP BY k`,
      );
      await world.sql(`INSERT INTO ${table} SELECT g % 10, g FROM generate_series(1, 3000) g; SELECT pg_stat_force_next_flush();
        CREATE TRIGGER refuse BEFORE DELETE ON imat_store.log_public_${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
      expect(await outcomeOf(world.imat.fold(`of_${table}`))).toMatchObject({ message: 'no' });
      expect(await rows(table)).toBeGreaterThanOrEqual(1000);
    }
    await world.sql('DROP TRIGGER refuse ON imat_store.log_public_u');
    const lines = await rounds(async () => (await rows('u')) < 1000);
    expect(lines.find((line) => line.includes('upkeep failed'))).toMatch(
      /"code":"IM012".*upkeep failed \(clean of imat_store.log_public_t\)/,
    );
    expect(await rows('t')).toBeGreaterThanOrEqual(1000);
  });

  test('what holds cleaning back is named', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(
      'INSERT INTO t SELECT g % 10, g FROM generate_series(1, 11000) g; SELECT pg_stat_force_next_flush()',
    );
    await world.imat.fold('sums');
    await until('statistics arrive', async () => (await world.imat.status()).heldBack.length > 0);
    expect((await world.imat.status()).heldBack).toEqual([
      expect.stringMatching(
        /^imat "lags" \(manual\) has not taken in rows of the log of (?:public\.)?t, which keeps \d+ rows$/,
      ),
    ]);
  });

  test('the history is kept within its bounds', async () => {
    await world.imat.convert('sums');
    await world.sql(`INSERT INTO imat_catalog.history (imat_id, name, worker, action, reason, started_at, ended_at)
      SELECT 1, 'sums', 'w', 'fold', 'age_bound', now() - g * interval '1 hour', now() - g * interval '1 hour' FROM generate_series(1, 100) g`);
    await pass({ historyMs: 50.5 * 3_600_000 });
    expect(
      await world.value(`SELECT count(*)::int FROM imat_catalog.history WHERE worker = 'w'`),
    ).toBe(50);
    await pass({ historyRows: 10 });
    expect(await world.value(`SELECT count(*)::int <= 12 FROM imat_catalog.history`)).toBe(true);
  });
});

describe('a server whose clock is behind that of the one before', () => {
  const worker = (leaseMs: number): Promise<void> =>
    world.sql(
      `DELETE FROM imat_catalog.worker; INSERT INTO imat_catalog.worker (id, version, lease_ms) VALUES ('former', 'test', ${leaseMs})`,
    );

  test('leases that it cannot have given are none; long ones of other workers are', async () => {
    await world.imat.convert('sums');
    await world.sql(`INSERT INTO t VALUES (1, 1);
      INSERT INTO imat_catalog.request (name, worker, lease_until) VALUES ('nothing', 'former', clock_timestamp() + interval '10 minutes');
      UPDATE imat_catalog.ticker SET worker = 'former', until = clock_timestamp() + interval '10 minutes';
      UPDATE imat_catalog.schedule SET worker = 'former', lease_until = clock_timestamp() + interval '10 minutes'`);
    await worker(900_000);
    expect(await pass()).toEqual([]);
    expect(await world.value(`SELECT imat_catalog.take_turn('me', 15000)`)).toBe(false);
    await worker(15_000);
    expect(await world.value(`SELECT imat_catalog.take_turn('me', 15000)`)).toBe(true);
    expect(told(await pass())).toEqual([
      'request nothing (requested) IM002',
      'fold sums (age_bound)',
    ]);
  });

  test('what was done at a time still to come keeps nothing from being done now', async () => {
    await world.imat.convert('sums');
    await world.imat.create('ranks', 'SELECT k, rank() OVER (ORDER BY k) AS r FROM public.t', {
      freshness: '5s',
    });
    await world.sql(`INSERT INTO t VALUES (1, 1);
      UPDATE imat_catalog.frontier SET advanced_at = clock_timestamp() + interval '10 minutes';
      UPDATE imat_catalog.schedule SET last_action = 'fold', last_ms = 5000, stored_at = clock_timestamp() + interval '10 minutes',
        last_ended_at = clock_timestamp() + interval '10 minutes'`);
    expect(told(await pass()).toSorted()).toEqual([
      'fold sums (age_bound)',
      'swap ranks (source_changed)',
    ]);
  });
});
