/** Connections that neither answer nor break, and imats that end their own sessions. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SessionPool } from '../../workers/session-pool.ts';
import { until, type World } from '../engine/commands/support/world.ts';
import { type Proxy, startProxy } from './support/proxy.ts';
import { expectNothingLeft, expectSettled, pretendChange, useShops } from './support/shop.ts';
import { startWorker, type WorkerProcess } from './support/worker-process.ts';

const createShop = useShops();
let shop: World;
let proxy: Proxy;
const workers: WorkerProcess[] = [];
const start = async (url: string, ...options: string[]): Promise<WorkerProcess> => {
  const worker = startWorker([url], options);
  workers.push(worker);
  await until('it is connected', async () => worker.lines.some((line) => line.msg === 'connected'));
  return worker;
};

beforeEach(async () => {
  shop = await createShop();
  proxy = await startProxy(shop.url);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await proxy.close();
  await shop.drop();
});

const WAITING = `SELECT client_port FROM pg_stat_activity
  WHERE query LIKE 'CALL imat.%'
    AND wait_event_type = 'Lock'
    AND datname = current_database()
    AND application_name = 'imat worker'`;

/** Waits until a worker has sent another heartbeat. */
async function nextHeartbeat({ process }: WorkerProcess): Promise<void> {
  const seenAt = () =>
    shop.value<string>(
      `SELECT seen_at::text FROM imat_catalog.worker WHERE id LIKE '%-${process.pid}-%'`,
    );
  const before = await seenAt();
  await until('another heartbeat', async () => (await seenAt()) !== before);
}

/** A fold that waits until it is released. */
async function blockFold(): Promise<() => Promise<void>> {
  const blocker = await shop.session();
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_totals FOR UPDATE');
  await shop.sql('UPDATE sales SET amount = amount + 1');
  await until('a fold waits', async () => (await shop.rows(WAITING)).length > 0);
  return () => blocker.sql('ROLLBACK');
}

test('a swap whose connection falls silent is given up, told, and followed', async () => {
  const first = await start(proxy.url);
  const second = await start(shop.url);
  const blocker = await shop.session();
  await blocker.sql('BEGIN; LOCK TABLE regions, sales IN ACCESS EXCLUSIVE MODE');
  await pretendChange(shop);
  await until('a swap waits', async () => (await shop.rows(WAITING)).length > 0);
  for (const { client_port } of await shop.rows<{ client_port: number }>(WAITING))
    proxy.freeze(client_port);
  // It is not given up while the server works on it: the worker checks that at each heartbeat.
  for (let beat = 0; beat < 5; beat++) await nextHeartbeat(first);
  expect(first.lines.filter((line) => line.level === 'error')).toEqual([]);
  await blocker.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1); COMMIT`);
  await until('it is told', async () =>
    first.lines.some((line) => line.level === 'error' && line['code'] === 'IM015'),
  );
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('newer', 1)`);
  await expectSettled(shop);
  expect(await second.stop()).toBe(0);
});

test('a worker goes on when all of its connections have fallen silent', async () => {
  const worker = await start(proxy.url);
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
  await expectSettled(shop);
  proxy.freeze();
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('newer', 1)`);
  await expectSettled(shop, 240_000);
  expect(worker.lines.some((line) => line['code'] === 'IM015')).toBe(true);
});

test('a silent session is not lent, and one that is silent for too long is told', async () => {
  const sessions = new SessionPool(
    { kind: 'url', url: proxy.url },
    { most: 2, statementTimeoutMs: 100, lockTimeoutMs: 100 },
  );
  const ask = () => sessions.with(({ db }) => db.query('SELECT 1 AS one'));
  await Promise.all([ask(), ask()]);
  proxy.freeze();
  // Idle sessions are probed after 3 s. Before that, a statement would wait for its own bound.
  const idle = performance.now();
  await until('they have been idle for long enough', async () => performance.now() - idle > 3000);
  expect(await ask()).toEqual([{ one: 1 }]);
  await sessions
    .with(async ({ db }) => {
      proxy.freeze();
      await expect(db.query('SELECT 1')).rejects.toMatchObject({
        condition: 'connection_failed',
        detail: 'No answer within 5100 ms.',
      });
    })
    .catch(() => undefined);
  // The other one has fallen silent as well, too short a time ago to be probed.
  await expect(ask()).rejects.toMatchObject({ condition: 'connection_failed' });
  await sessions.with(() => until('it is overdue', async () => sessions.overdueMs > 100));
  expect(sessions.overdueMs).toBe(0);
  await sessions.close();
});

test('a worker with a silent connection ends within its bound', async () => {
  const worker = await start(proxy.url, '--drain', '2s');
  const release = await blockFold();
  proxy.freeze();
  worker.signal('SIGTERM');
  expect(await worker.ended).toBe(4);
  await release();
});

test('a second signal stops the server’s work too; stderr has only JSON', async () => {
  const worker = await start(shop.url, '--drain', '1h');
  const release = await blockFold();
  worker.signal('SIGTERM');
  await until('it says so', async () =>
    worker.lines.some((line) => line.msg.startsWith('stopping') && Number(line['running']) >= 1),
  );
  worker.signal('SIGTERM');
  expect(await worker.ended).toBe(143);
  await until('its sessions end', async () => (await shop.rows(WAITING)).length === 0);
  expect(worker.noise).toEqual([]);
  await release();
});

test('the server ends the work of a worker that was killed', async () => {
  const worker = await start(shop.url);
  const release = await blockFold();
  worker.signal('SIGKILL');
  await until('its sessions end', async () => (await shop.rows(WAITING)).length === 0);
  await until(
    'it is shown',
    async () => (await shop.imat.status('totals')).imats[0]?.failure !== null,
  );
  expect((await shop.imat.status('totals')).imats[0]?.failure).toMatchObject({
    code: 'IM015',
    message: 'the attempt was cut off',
    attempts: 1,
    nextAttemptAt: expect.any(String),
  });
  await release();
  await start(shop.url);
  await expectSettled(shop);
  expect((await shop.imat.status('totals')).imats[0]?.failure).toBeNull();
});

/** The times between the end of a failed run and the start of the next one. */
const pausesMs = async (name: string): Promise<number[]> =>
  (
    await shop.rows<{ ms: string | number | null }>(
      `SELECT extract(epoch FROM started_at - lag(ended_at) OVER (ORDER BY id))::float8 * 1000 AS ms
       FROM imat_catalog.history WHERE name = '${name}' AND error_code = 'IM015' ORDER BY id`,
    )
  ).flatMap(({ ms }) => (ms === null ? [] : Number(ms)));

/** The clocks of the worker and the server may differ by some milliseconds. */
const isBackingOff = (pauses: readonly number[]): boolean =>
  pauses.length >= 2 && pauses.every((ms, n) => ms > 1000 * 2 ** n - 100);

/** Until the sequence is used. A function that is replaced would break the imat. */
const DIES = `
CREATE SEQUENCE spared;
CREATE FUNCTION dies(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF n = 666 AND pg_sequence_last_value('public.spared') IS NULL THEN
    PERFORM pg_terminate_backend(pg_backend_pid());
  END IF;
  RETURN n;
END $$;
CREATE TABLE fates (k int, n int); INSERT INTO fates VALUES (1, 1)`;

test('an imat that ends its own session backs off alone, and recovers', async () => {
  await shop.sql(DIES);
  await shop.imat.create('fate', 'SELECT k, sum(public.dies(n)) AS s FROM public.fates GROUP BY k');
  await start(shop.url);
  await shop.sql('INSERT INTO fates VALUES (1, 666)');
  const failure = async () => (await shop.imat.status('fate')).imats[0]?.failure;
  await until('it has failed three times', async () => (await pausesMs('fate')).length >= 2);
  expect(await failure()).toMatchObject({
    code: 'IM015',
    message: 'the connection to the database was lost',
    nextAttemptAt: expect.any(String),
  });
  // Each pause before an attempt is at least the back-off: 1 s after the first, 2 s after the
  // second.
  expect(await pausesMs('fate')).toSatisfy(isBackingOff);
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
  await until(
    'another one is folded',
    async () =>
      (await shop.value<string>(
        `SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat WHERE name = 'totals'`,
      )) === '0',
  );
  await shop.sql(`SELECT nextval('spared')`);
  await until('it is folded', async () => (await failure()) === null);
  expect(await shop.rows('SELECT * FROM imat.fate')).toEqual([{ k: 1, s: '667' }]);
});

test('a request that ends its own session backs off', async () => {
  await shop.sql(`${DIES}; INSERT INTO fates VALUES (1, 666)`);
  await shop.sql(
    `CREATE MATERIALIZED VIEW fate AS
     SELECT k, sum(dies(n)) AS s FROM fates GROUP BY k WITH NO DATA;
     SELECT imat.create_imat('fate')`,
  );
  await start(shop.url);
  await until('it has failed three times', async () => (await pausesMs('fate')).length >= 2);
  expect(await pausesMs('fate')).toSatisfy(isBackingOff);
  expect(await shop.value(`SELECT imat.create_imat('fate')`)).toMatch(
    /The last attempt failed: the connection to the database was lost \(IM015\)$/,
  );
});

test('a lease that leads to nothing is no attempt', async () => {
  await shop.sql(
    `INSERT INTO imat_catalog.schedule (imat_id)
     SELECT id FROM imat_catalog.imat
     ON CONFLICT DO NOTHING`,
  );
  const state = () =>
    shop.rows(
      `SELECT attempts, begun_at, next_attempt_at, error_code
       FROM imat_catalog.schedule
       ORDER BY imat_id`,
    );
  const before = await state();
  await shop.sql(
    `SELECT imat_catalog.lease(id, 'w', 1000), imat_catalog.release(id, 'w')
     FROM imat_catalog.imat`,
  );
  expect(await state()).toEqual(before);
  expect(
    await shop.value(
      `SELECT imat_catalog.begin_attempt(min(id), 'w', 'fold', 1000) FROM imat_catalog.imat`,
    ),
  ).toBe(false);
  // One that took longer to look than its lease lasts goes on, unless another one came in between.
  const one = 'FROM imat_catalog.imat WHERE id = (SELECT min(id) FROM imat_catalog.imat)';
  await shop.sql(`SELECT imat_catalog.lease(id, 'w', 0) ${one}`);
  expect(await shop.value(`SELECT imat_catalog.begin_attempt(id, 'w', 'fold', 1000) ${one}`)).toBe(
    true,
  );
  await shop.sql(`SELECT imat_catalog.lease(id, 'v', 0) ${one}`);
  expect(await shop.value(`SELECT imat_catalog.begin_attempt(id, 'w', 'fold', 1000) ${one}`)).toBe(
    false,
  );
  expect((await shop.imat.status('totals')).imats[0]?.failure).toMatchObject({
    code: 'IM015',
    message: 'the attempt was cut off',
    attempts: 1,
  });
  await expectNothingLeft(shop);
});
