/** Health, metrics and logs of a worker that looks after two databases. */
import { afterEach, expect, test, vi } from 'vitest';
import { DEFAULT_POLICY } from '../../workers/policy.ts';
import type { QueueUrl } from '../../workers/queue/open-queue.ts';
import { SessionPool } from '../../workers/session-pool.ts';
import { ImatWorker } from '../../workers/worker.ts';
import { startRedis } from '../../tools/redis.ts';
import { createPreparedWorld, outcomeOf, until } from '../engine/commands/support/world.ts';
import { HAS_REDIS_BINARY } from '../setup/redis.ts';

const running: ImatWorker[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
});

async function start(
  urls: readonly string[],
  queue: QueueUrl = null,
): Promise<{ worker: ImatWorker; lines: string[]; get: (path: string) => Promise<Response> }> {
  const lines: string[] = [];
  const worker = new ImatWorker({
    targets: urls.map((url) => ({ kind: 'url', url })),
    queue,
    policy: { ...DEFAULT_POLICY, tickMs: 20, maxPendingMs: 50, drainMs: 2000 },
    version: 'test',
    logLevel: 'debug',
    writeLog: (line) => lines.push(line),
    http: '127.0.0.1:0',
  });
  running.push(worker);
  await worker.start();
  return { worker, lines, get: (path) => fetch(`http://127.0.0.1:${worker.port}${path}`) };
}

test('metrics, readiness and logs', async () => {
  const [one, two] = [
    await createPreparedWorld('CREATE TABLE t (a int)'),
    await createPreparedWorld('CREATE TABLE t (a int)'),
  ];
  try {
    for (const world of [one, two])
      await world.imat.create('sums', 'SELECT a, count(*) AS n FROM public.t GROUP BY a');
    const { lines, get } = await start([one.url, two.url]);
    await until('it is ready', async () => (await get('/readyz')).status === 200);
    await one.sql('INSERT INTO t VALUES (1)');
    await until('it is folded', async () => lines.some((line) => line.includes('"action":"fold"')));
    await one.sql('DROP TABLE t CASCADE');
    await until('it is seen as broken', async () =>
      (await (await get('/metrics')).text()).includes('reason="broken"'),
    );
    expect((await get('/livez')).status).toBe(200);
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    const text = await metrics.text();
    const [name, other] = [one, two].map((world) => new URL(world.url).pathname.slice(1));
    for (const line of [
      `imat_database_up{database="${name}"} 1`,
      `imat_database_up{database="${other}"} 1`,
      `imat_ticker{database="${name}"} 1`,
      `imat_queue_depth{database="${name}"} 0`,
      `imat_pending_rows{database="${other}",imat="sums"} 0`,
      `imat_lag_seconds{database="${other}",imat="sums"} 0`,
      `imat_runs_total{database="${name}",imat="sums",action="fold",` +
        'reason="age_bound",outcome="done"} 1',
      `imat_run_duration_seconds_count{database="${name}",action="fold"} 1`,
    ])
      expect(text).toContain(line);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    expect(lines.join('')).not.toContain('postgres://');
    expect((await get('/nothing')).status).toBe(404);
    expect((await fetch((await get('/livez')).url, { method: 'POST' })).status).toBe(405);
  } finally {
    await Promise.all(running.splice(0).map((worker) => worker.stop()));
    await Promise.all([one.drop(), two.drop()]);
  }
});

test('an imat that is reverted is told of no more', async () => {
  const world = await createPreparedWorld('CREATE TABLE t (a int)');
  try {
    for (const name of ['stays', 'goes', 'last'])
      await world.imat.create(name, 'SELECT a, sum(1 / a) AS n FROM public.t GROUP BY a');
    const { get } = await start([world.url]);
    const metrics = async (): Promise<string> => (await get('/metrics')).text();
    await outcomeOf(world.sql('INSERT INTO t VALUES (0)'));
    await until('it fails', async () => /imat_failing\{[^}]*imat="goes"\} 1/.test(await metrics()));
    await world.imat.revert('goes');
    await until(
      'it is forgotten',
      async () =>
        !/imat_(?:failing|pending_rows|lag_seconds)\{[^}]*imat="goes"/.test(await metrics()),
    );
    expect(await metrics()).toMatch(/imat_failing\{[^}]*imat="stays"\} 1/);
    for (const name of ['stays', 'last']) await world.imat.revert(name);
    await until(
      'all are',
      async () => !/imat_(?:failing|pending_rows|lag_seconds)\{/.test(await metrics()),
    );
  } finally {
    await Promise.all(running.splice(0).map((worker) => worker.stop()));
    await world.drop();
  }
});

test('it is not ready without its database, and says why; it lives all the same', async () => {
  const { get, lines } = await start(['postgres://nobody:secret@127.0.0.1:1/nothing']);
  await until('it has tried', async () => lines.length > 0);
  const ready = await get('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.text()).toMatch(/"connected":false.*could not connect/);
  expect((await get('/livez')).status).toBe(200);
  expect(lines.join('')).toContain('"code":"IM015"');
  expect(lines.join('')).not.toContain('secret');
});

test('it does not live where a session has been silent beyond its bounds', async () => {
  const { get } = await start(['postgres://nobody@127.0.0.1:1/nothing']);
  const overdue = vi.spyOn(SessionPool.prototype, 'overdueMs', 'get').mockReturnValue(10_001);
  try {
    const live = await get('/livez');
    expect([live.status, await live.json()]).toEqual([
      503,
      { ok: false, detail: { silentMs: [expect.any(Number)], overdueMs: [10_001] } },
    ]);
  } finally {
    overdue.mockRestore();
  }
  expect((await get('/livez')).status).toBe(200);
});

test('it is ready without its queue, and tells that the queue is down', async () => {
  const world = await createPreparedWorld('CREATE TABLE t (a int)');
  try {
    await world.imat.create('sums', 'SELECT a, count(*) AS n FROM public.t GROUP BY a');
    const { get, lines } = await start([world.url], {
      kind: 'redis',
      url: 'redis://:secret@127.0.0.1:1',
    });
    await world.sql('INSERT INTO t VALUES (1)');
    await until('it is folded', async () => lines.some((line) => line.includes('"action":"fold"')));
    expect((await get('/readyz')).status).toBe(200);
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/imat_queue_up\{database="[^"]*"\} 0/);
    expect(text).not.toMatch(/^imat_queue_depth\{/m);
    expect(lines.join('')).not.toContain('secret');
  } finally {
    await Promise.all(running.splice(0).map((worker) => worker.stop()));
    await world.drop();
  }
});

test.skipIf(!HAS_REDIS_BINARY)(
  'a queue that goes and comes: whether it is up, and how much waits in it while that is known',
  async () => {
    const [world, redis] = [
      await createPreparedWorld('CREATE TABLE t (a int)'),
      await startRedis(),
    ];
    try {
      const { get, lines } = await start([world.url], { kind: 'redis', url: redis.url });
      const queue = async (): Promise<string[]> =>
        [...(await (await get('/metrics')).text()).matchAll(/^imat_queue_(\w+)\{.*\} (\d)/gm)].map(
          ([, name, value]) => `${name} ${value}`,
        );
      const becomes = (wanted: string[]): Promise<void> =>
        until(wanted.join(', '), async () => (await queue()).toSorted().join() === wanted.join());
      await becomes(['depth 0', 'up 1']);
      await redis.kill();
      await becomes(['up 0']);
      await redis.start();
      await becomes(['depth 0', 'up 1']);
      expect(
        lines
          .map((line) => (JSON.parse(line) as { msg: string }).msg)
          .filter((msg) => msg.includes('queue')),
      ).toEqual(['the queue cannot be used; sweeps go on', 'the queue answers again']);
    } finally {
      await Promise.all(running.splice(0).map((worker) => worker.stop()));
      await Promise.all([world.drop(), redis.stop()]);
    }
  },
);

test.each([['nowhere'], ['host:99999'], ['127.0.0.1:-1']])(
  '%s is no address to listen on',
  async (http) => {
    const worker = new ImatWorker({
      targets: [],
      queue: null,
      policy: DEFAULT_POLICY,
      version: 'test',
      logLevel: 'silent',
      writeLog: () => undefined,
      http,
    });
    await expect(worker.start()).rejects.toMatchObject({ condition: 'invalid_argument' });
  },
);

test('what waits is overdue by what is promised; imats that are gone are not shown', async () => {
  const world = await createPreparedWorld(
    'CREATE TABLE t (k int, v int); INSERT INTO t VALUES (1, 1)',
  );
  try {
    await world.imat.create('never', 'SELECT k, sum(v) AS s FROM public.t GROUP BY k', {
      freshness: 'manual',
    });
    await world.imat.create('ratio', 'SELECT k, sum(1 / v) AS s FROM public.t GROUP BY k');
    await world.sql('INSERT INTO t VALUES (1, 0)');
    const { get } = await start([world.url]);
    const name = new URL(world.url).pathname.slice(1);
    const told = async (metric: string, imat: string): Promise<number | null> => {
      const found = new RegExp(`^${metric}{database="${name}",imat="${imat}"} (.*)$`, 'm').exec(
        await (await get('/metrics')).text(),
      );
      return found?.[1] === undefined ? null : Number(found[1]);
    };
    await until(
      'a failing imat is overdue',
      async () => ((await told('imat_overdue_seconds', 'ratio')) ?? 0) > 0.1,
    );
    await until('and failing', async () => (await told('imat_failing', 'ratio')) === 1);
    expect(await (await get('/metrics')).text()).toMatch(
      new RegExp(`^imat_errors_total{database="${name}",code="IM012"} [1-9]`, 'm'),
    );
    expect(await told('imat_lag_seconds', 'never')).toBeGreaterThan(0);
    expect(await told('imat_overdue_seconds', 'never')).toBe(0);
    await world.imat.revert('ratio');
    await until(
      'it is told of no more',
      async () => (await told('imat_failing', 'ratio')) === null,
    );
    expect(await told('imat_overdue_seconds', 'ratio')).toBeNull();
  } finally {
    await Promise.all(running.splice(0).map((worker) => worker.stop()));
    await world.drop();
  }
});

test('one database under two addresses is looked after once', async () => {
  const world = await createPreparedWorld('CREATE TABLE t (a int)');
  try {
    await world.imat.create('sums', 'SELECT a, count(*) AS n FROM public.t GROUP BY a');
    const { worker, lines } = await start([world.url, world.url.replace('127.0.0.1', 'localhost')]);
    await until('the second is refused', async () =>
      lines.some((line) => line.includes('two of the given databases are the same')),
    );
    await until('the first is looked after', async () =>
      worker.states.some((state) => state.connected && state.ticker),
    );
    expect(worker.states.filter((state) => state.connected)).toHaveLength(1);
  } finally {
    await Promise.all(running.splice(0).map((worker) => worker.stop()));
    await world.drop();
  }
});
