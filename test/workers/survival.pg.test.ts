/**
 * What workers must survive, with real processes: kill -9, SIGSTOP, crowds, a newer catalog. After
 * each, everything is right.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outcomeOf, until, type World } from '../engine/commands/support/world.ts';
import {
  expectNothingLeft,
  expectSettled,
  pretendChange,
  startWriter,
  useShops,
} from './support/shop.ts';
import { startWorker, type WorkerProcess } from './support/worker-process.ts';

const createShop = useShops();
let shop: World;
const workers: WorkerProcess[] = [];
const start = (...options: string[]): WorkerProcess => {
  const worker = startWorker([shop.url], options);
  workers.push(worker);
  return worker;
};

beforeEach(async () => {
  shop = await createShop();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await shop.drop();
});

/** Whether a worker holds no lease that lasts: neither the ticker's nor one of an imat. */
const isExpired = async ({ process }: WorkerProcess): Promise<boolean> =>
  (
    await shop.rows(
      `SELECT FROM imat_catalog.ticker
       WHERE worker LIKE '%-${process.pid}-%' AND until > clock_timestamp()
       UNION ALL SELECT FROM imat_catalog.schedule
       WHERE worker LIKE '%-${process.pid}-%' AND lease_until > clock_timestamp()`,
    )
  ).length === 0;

const isStopping = ({ lines }: WorkerProcess): Promise<void> =>
  until('it is stopping', async () => lines.some(({ msg }) => msg.startsWith('stopping')));

const lastRun = async (): Promise<number> =>
  Number(await shop.value<string>('SELECT max(id) FROM imat_catalog.history'));

const countWaiting = async (command: string): Promise<number> =>
  (
    await shop.rows(
      `SELECT
       FROM pg_stat_activity
       WHERE query LIKE '${command}%'
         AND wait_event_type = 'Lock'
         AND datname = current_database()`,
    )
  ).length;

const waiting = (command: string) => async (): Promise<boolean> =>
  (await countWaiting(command)) > 0;

test('two workers started at once maintain everything, and leave nothing behind', async () => {
  const writer = startWriter(() => shop.session());
  start();
  start();
  await until('much is written', async () => writer.written() > 100);
  // One may still be starting then.
  const registered = (): Promise<number> =>
    shop.value('SELECT count(DISTINCT w.id)::int FROM imat_catalog.worker w');
  await until('both have registered', async () => (await registered()) === 2);
  await writer.stop();
  await expectSettled(shop);
  expect(await registered()).toBe(2);
  const failures = workers.flatMap(({ lines }) => lines.filter((line) => line.level === 'error'));
  expect(failures).toEqual([]);
  expect(await Promise.all(workers.splice(0).map((worker) => worker.stop()))).toEqual([0, 0]);
  await expectNothingLeft(shop);
  expect(await shop.rows('SELECT FROM imat_catalog.worker')).toEqual([]);
});

test('kill -9 amid a fold', async () => {
  const blocker = await shop.session();
  const first = start();
  await until('it is connected', async () => first.lines.some((line) => line.msg === 'connected'));
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_totals FOR UPDATE');
  await shop.sql(`UPDATE sales SET amount = amount + 1`);
  await until('a fold waits', waiting('CALL imat.fold'));
  first.signal('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  await blocker.sql('ROLLBACK');
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
  const second = start();
  // The server may have ended the work of the first one before this one can be stopped.
  await until('it is connected', async () => second.lines.some((line) => line.msg === 'connected'));
  await expectSettled(shop);
  expect(await second.stop()).toBe(0);
  await expectNothingLeft(shop);
});

test('kill -9 amid a swap', async () => {
  const blocker = await shop.session();
  const first = start();
  await until('it is connected', async () => first.lines.some((line) => line.msg === 'connected'));
  await blocker.sql('BEGIN; LOCK TABLE regions, sales IN ACCESS EXCLUSIVE MODE');
  await blocker.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
  // A mark from before, so that there is something to swap for.
  await pretendChange(shop);
  await until('a swap waits', waiting('CALL imat.swap'));
  first.signal('SIGKILL');
  await first.ended;
  await blocker.sql('COMMIT');
  const second = start();
  // The server may have ended the work of the first one before this one can be stopped.
  await until('it is connected', async () => second.lines.some((line) => line.msg === 'connected'));
  await expectSettled(shop);
  expect(await second.stop()).toBe(0);
  await expectNothingLeft(shop);
});

test('a backend terminated amid a swap leaves a slot, which the next round removes', async () => {
  const blocker = await shop.session();
  const worker = start();
  await until('it is connected', async () => worker.lines.some((line) => line.msg === 'connected'));
  await blocker.sql('BEGIN; LOCK TABLE sales IN ACCESS EXCLUSIVE MODE');
  await pretendChange(shop);
  await until('a swap waits', waiting('CALL imat.swap'));
  await shop.sql(
    `SELECT pg_terminate_backend(pid)
     FROM pg_stat_activity
     WHERE query LIKE 'CALL imat.swap%'
       AND wait_event_type = 'Lock'
       AND datname = current_database()`,
  );
  await blocker.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1); COMMIT`);
  await expectSettled(shop);
  expect(await worker.stop()).toBe(0);
  await expectNothingLeft(shop);
});

test('a worker that is frozen past its lease does no harm when it wakes', async () => {
  const writer = startWriter(() => shop.session());
  const pair = [start(), start()] as const;
  await until('both are connected', async () =>
    pair.every(({ lines }) => lines.some((line) => line.msg === 'connected')),
  );
  for (let round = 0; round < 4; round++) {
    const frozen = round % 2 === 0 ? pair[0] : pair[1];
    frozen.signal('SIGSTOP');
    await until('its leases have expired', () => isExpired(frozen));
    const before = await lastRun();
    await until('the other one goes on', async () => (await lastRun()) > before);
    frozen.signal('SIGCONT');
    const resumed = await lastRun();
    await until('work goes on', async () => (await lastRun()) > resumed + round);
  }
  await writer.stop();
  await expectSettled(shop);
  expect(await Promise.all(pair.map((worker) => worker.stop()))).toEqual([0, 0]);
  await expectNothingLeft(shop);
});

test('a frozen worker whose fold is under way: the other one folds once, not twice', async () => {
  const blocker = await shop.session();
  const first = start();
  await until('it is connected', async () => first.lines.some((line) => line.msg === 'connected'));
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_totals FOR UPDATE');
  await shop.sql(`UPDATE sales SET amount = amount + 1`);
  await until('a fold waits', waiting('CALL imat.fold'));
  first.signal('SIGSTOP');
  const second = start();
  await until('its leases have expired', () => isExpired(first));
  await until(
    'the other one waits for the fold',
    async () => (await countWaiting('CALL imat.fold')) === 2,
  );
  await blocker.sql('ROLLBACK');
  await expectSettled(shop);
  first.signal('SIGCONT');
  await expectSettled(shop);
  expect([await first.stop(), await second.stop()]).toEqual([0, 0]);
  await expectNothingLeft(shop);
});

test('ten workers on one imat', async () => {
  for (const name of ['by_manager', 'ranks', 'ranks_1s']) await shop.imat.revert(name);
  const writer = startWriter(() => shop.session());
  const many = Array.from({ length: 10 }, () => start('--concurrency', '2'));
  await until(
    'all are connected',
    async () => many.every(({ lines }) => lines.some((line) => line.msg === 'connected')),
    60_000,
  );
  await until('much is written', async () => writer.written() > 150);
  await writer.stop();
  await until(
    'all is folded',
    async () =>
      (await shop.value<string>(`SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat`)) ===
      '0',
  );
  expect(
    await shop.rows(`SELECT * FROM imat_catalog.history WHERE error_code IS NOT NULL`),
  ).toEqual([]);
  expect(await Promise.all(many.map((worker) => worker.stop()))).toEqual(many.map(() => 0));
  await expectNothingLeft(shop);
  expect((await shop.imat.verify()).results.every((result) => result.equal)).toBe(true);
});

test('an older worker leaves a newer catalog alone, says so, and goes on elsewhere', async () => {
  const other = await createShop();
  try {
    await shop.sql(`INSERT INTO imat_catalog.migration (version, explicitly) VALUES (999, false)`);
    const worker = startWorker([shop.url, other.url]);
    workers.push(worker);
    await until('it says so', async () => worker.lines.some((line) => line['code'] === 'IM013'));
    await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
    await other.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
    await expectSettled(other);
    expect(
      await shop.value(`SELECT sum(imat_catalog.pending_rows(id))::int FROM imat_catalog.imat`),
    ).toBeGreaterThan(0);
    expect(await shop.rows(`SELECT FROM imat_catalog.worker`)).toEqual([]);
    await shop.sql(`DELETE FROM imat_catalog.migration WHERE version = 999`);
    expect(await worker.stop()).toBe(0);
  } finally {
    await other.drop();
  }
});

test('SIGTERM lets a fold end that can, and stops one that cannot within the bound', async () => {
  const blocker = await shop.session();
  const patient = start('--drain', '1h');
  await until('it is connected', async () =>
    patient.lines.some((line) => line.msg === 'connected'),
  );
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_totals FOR UPDATE');
  await shop.sql(`UPDATE sales SET amount = amount + 1`);
  await until('a fold waits', waiting('CALL imat.fold'));
  patient.signal('SIGTERM');
  await isStopping(patient);
  await blocker.sql('ROLLBACK');
  expect(await patient.ended).toBe(0);

  const hurried = start('--drain', '500ms');
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_totals FOR UPDATE');
  await shop.sql(`UPDATE sales SET amount = amount + 1`);
  await until('a fold waits', waiting('CALL imat.fold'));
  hurried.signal('SIGTERM');
  expect(await hurried.ended).toBe(4);
  await blocker.sql('ROLLBACK');
  await expectNothingLeft(shop);

  const forced = start('--drain', '1h');
  await blocker.sql('BEGIN; SELECT FROM imat_store.state_totals FOR UPDATE');
  await until('a fold waits', waiting('CALL imat.fold'));
  forced.signal('SIGTERM');
  await isStopping(forced);
  forced.signal('SIGTERM');
  expect(await forced.ended).toBe(143);
  await blocker.sql('ROLLBACK');
  start();
  await expectSettled(shop);
});

test('SIGTERM amid the first round of a worker leaves no lease behind', async () => {
  const blocker = await shop.session();
  await shop.sql(`UPDATE sales SET amount = amount + 1`);
  // The first poll waits, after the worker has become the ticker.
  await blocker.sql('BEGIN; LOCK TABLE imat_catalog.request');
  const worker = start();
  const tickers = `SELECT FROM imat_catalog.ticker WHERE worker LIKE '%-${worker.process.pid}-%'`;
  await until('it is the ticker', async () => (await shop.rows(tickers)).length === 1);
  worker.signal('SIGTERM');
  await isStopping(worker);
  await blocker.sql('ROLLBACK');
  expect(await worker.ended).toBe(0);
  await expectNothingLeft(shop);
  expect(await shop.rows('SELECT FROM imat_catalog.worker')).toEqual([]);
  expect(await isExpired(worker)).toBe(true);
});

test('an imat that fails backs off alone, is shown with its code, and recovers', async () => {
  await shop.sql(`CREATE TABLE ratios (k int, a int, b int); INSERT INTO ratios VALUES (1, 1, 1)`);
  await shop.imat.create('ratio', 'SELECT k, sum(a / b) AS r FROM public.ratios GROUP BY k');
  start();
  await outcomeOf(shop.sql(`INSERT INTO ratios VALUES (1, 1, 0)`));
  await shop.sql(`INSERT INTO sales (region, amount) VALUES ('new', 1)`);
  await until(
    'it is shown',
    async () => (await shop.imat.status('ratio')).imats[0]?.failure !== null,
  );
  const [status] = (await shop.imat.status('ratio')).imats;
  expect(status?.failure).toMatchObject({
    code: 'IM012',
    message: 'division by zero',
    attempts: 1,
    nextAttemptAt: expect.any(String),
  });
  await until(
    'the others are folded',
    async () =>
      (await shop.value<string>(
        `SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat WHERE name = 'totals'`,
      )) === '0',
  );
  await shop.sql(`DELETE FROM ratios WHERE b = 0`);
  await shop.imat.fold('ratio');
  expect((await shop.imat.status('ratio')).imats[0]?.failure).toBeNull();
  await shop.sql(`INSERT INTO ratios VALUES (2, 4, 2)`);
  await until(
    'the worker folds it again',
    async () =>
      (await shop.value<string>(
        `SELECT imat_catalog.pending_rows(id) FROM imat_catalog.imat WHERE name = 'ratio'`,
      )) === '0',
  );
});
