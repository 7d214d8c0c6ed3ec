/**
 * Convert stopped in the middle: by Ctrl-C, by a lost connection, by another convert of the same
 * name, by a writer that does not end.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createPreparedSandbox, type Sandbox, type Session } from './support/sandbox.ts';
import { until } from './support/world.ts';

const SUMMARY = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW slow AS
SELECT count(*) AS n, count(pg_sleep(60)) AS slept FROM sales WITH NO DATA;`;

let sandbox: Sandbox;
let before: string[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SALES);
});
afterEach(() => sandbox.revertAll());
afterAll(() => sandbox.drop());
beforeEach(async () => {
  before = await catalogListing(sandbox.db);
});

/** A session that has written to the source and not committed: capture waits for it. */
async function openWriter(): Promise<Session> {
  const writer = await sandbox.session();
  await writer.sql('BEGIN; UPDATE sales SET amount = amount WHERE id = 1');
  return writer;
}

/**
 * Starts a convert that gets as far as waiting for the writer, then runs `during`; gives the
 * convert's outcome.
 */
async function whileWaiting(session: Session, during: () => Promise<void>): Promise<unknown> {
  let waiting: (() => void) | null = null;
  const reached = new Promise<void>((resolve) => (waiting = resolve));
  const outcome = session.imat
    .convert('summary', {
      onProgress: ({ label }) =>
        label.includes('waiting for writers of public.sales') ? waiting?.() : undefined,
    })
    .catch((error: unknown) => error);
  // Where it ends too early, its outcome tells why.
  await Promise.race([reached, outcome]);
  await during();
  return outcome;
}

const pidOf = (session: Session): Promise<number> =>
  session.value<number>('SELECT pg_backend_pid()');

/** An install that was cut off by the end of its connection, as a killed process leaves it. */
async function cutOff(): Promise<void> {
  const writer = await openWriter();
  const session = await sandbox.session();
  const pid = await pidOf(session);
  const outcome = await whileWaiting(session, async () => {
    await sandbox.value(`SELECT pg_terminate_backend(${pid}, 5000)`);
  });
  expect(outcome).toMatchObject({ condition: 'connection_failed' });
  await writer.db.execute('ROLLBACK');
  await writer.db.close();
  expect((await sandbox.imat.status('summary')).imats).toMatchObject([
    { state: 'installing', pendingRows: 0, frontierAt: null },
  ]);
}

describe('an install that was cut off', () => {
  test('is named by doctor, cannot be folded or read, and is removed by revert', async () => {
    await cutOff();
    expect((await sandbox.imat.doctor()).checks).toContainEqual({
      check: 'imat summary',
      status: 'error',
      message: expect.stringContaining('interrupted'),
      hint: expect.stringMatching(/same command again.*imat revert summary/),
    });
    expect(
      await expectImatError('frontier_missing', () => sandbox.imat.fold('summary')),
    ).toMatchObject({
      message: 'imat "summary" is not loaded yet',
    });
    expect((await sandbox.imat.verify()).results).toEqual([]);
    expect(await sandbox.imat.revert('summary')).toEqual({
      name: 'summary',
      original: 'public.summary',
    });
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('is taken up by the next convert', async () => {
    await cutOff();
    await sandbox.imat.convert('summary');
    await sandbox.sql(`INSERT INTO sales VALUES (1000, 'new', 1)`);
    await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
    expect((await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual(
      [],
    );
    await sandbox.imat.revert('summary');
    await sandbox.sql('DELETE FROM sales WHERE id = 1000');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('at its last step, too', async () => {
    const session = await sandbox.session();
    const pid = await pidOf(session);
    // The load is one statement after another in one transaction: this one lasts until the end of
    // the connection.
    const outcome = session.imat.convert('slow').catch((error: unknown) => error);
    await until(
      'the load runs',
      async () =>
        (await sandbox.value<string>(
          `SELECT count(*) FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`,
        )) === '1',
    );
    await sandbox.value(`SELECT pg_terminate_backend(${pid}, 5000)`);
    expect(await outcome).toMatchObject({ condition: 'connection_failed' });
    // Writers go on, captured, while nobody has tidied up.
    await sandbox.sql(`UPDATE sales SET amount = amount + 1 WHERE id = 1`);
    expect((await sandbox.imat.list()).map((imat) => imat.state)).toEqual(['installing']);
    await sandbox.imat.revert('slow');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});

test('Ctrl-C during the load leaves nothing behind', async () => {
  const session = await sandbox.session();
  const pid = await pidOf(session);
  const error = expectImatError('interrupted', () => session.imat.convert('slow'));
  await until(
    'the load runs',
    async () =>
      (await sandbox.value<string>(
        `SELECT count(*) FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`,
      )) === '1',
  );
  await session.imat.cancel();
  await error;
  expect(await catalogListing(sandbox.db)).toEqual(before);
  // The session goes on, and holds no lock.
  expect(
    await session.value(
      `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = ${pid}`,
    ),
  ).toBe('0');
  await session.imat.convert('summary');
  await session.imat.revert('summary');
});

describe('a signal', () => {
  test('that is aborted during the load leaves nothing, and stops no other call', async () => {
    const session = await sandbox.session();
    const pid = await pidOf(session);
    const stop = new AbortController();
    const error = expectImatError('interrupted', () =>
      session.imat.convert('slow', { signal: stop.signal }),
    );
    await until(
      'the load runs',
      async () =>
        (await sandbox.value<string>(
          `SELECT count(*) FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`,
        )) === '1',
    );
    const next = session.imat.list();
    stop.abort();
    await error;
    expect(await next).toEqual([]);
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('that was aborted before is not begun with', async () => {
    await expectImatError('interrupted', () =>
      sandbox.imat.convert('summary', { signal: AbortSignal.abort() }),
    );
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('that is aborted after the end stops nothing', async () => {
    const stop = new AbortController();
    await sandbox.imat.convert('summary', { signal: stop.signal });
    stop.abort();
    expect(await sandbox.imat.list()).toHaveLength(1);
    await sandbox.imat.revert('summary');
  });
});

test('calls on one session are carried out one after another', async () => {
  const session = await sandbox.session();
  const [converted, folded, listed] = await Promise.all([
    session.imat.convert('summary'),
    session.imat.fold('summary'),
    session.imat.list(),
  ]);
  expect(converted).toMatchObject({ strategy: 'delta' });
  expect(folded).toMatchObject([{ name: 'summary' }]);
  expect(listed).toHaveLength(1);
  await session.imat.revert('summary');
});

test('two converts of the same name: one makes it, the other is told', async () => {
  const writer = await openWriter();
  const first = await sandbox.session();
  const outcome = await whileWaiting(first, async () => {
    expect(
      await expectImatError('already_exists', () => sandbox.imat.convert('summary')),
    ).toMatchObject({
      message: 'imat "summary" is being installed by another session',
      hint: expect.stringMatching(/^Wait until it has ended/),
    });
    await writer.db.execute('COMMIT');
  });
  expect(outcome).toMatchObject({ name: 'summary', strategy: 'delta' });
  await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
  await sandbox.imat.revert('summary');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('five converts at once on a database without imat, all on one source', async () => {
  const sessions = await Promise.all(Array.from({ length: 5 }, () => sandbox.session()));
  await Promise.all(
    sessions.map((session, index) => session.imat.convert('summary', { name: `s${index}` })),
  );
  await sandbox.sql(`INSERT INTO sales VALUES (1000, 'new', 1)`);
  for (const [index] of sessions.entries())
    await expectEqual(sandbox.db, `imat.s${index}`, SUMMARY);
  await Promise.all(sessions.map((session, index) => session.imat.revert(`s${index}`)));
  await sandbox.sql('DELETE FROM sales WHERE id = 1000');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('a writer that does not end: convert waits, and lets other writers in between', async () => {
  const writer = await openWriter();
  const session = await sandbox.session();
  const other = await sandbox.session();
  const pid = await pidOf(session);
  const outcome = await whileWaiting(session, async () => {
    // The first writer ends when these have returned: if one waited for convert as long as
    // convert waits, it would never return.
    for (let write = 0; write < 3; write++) {
      await until(
        'convert waits for the writer',
        async () =>
          (await other.rows(`SELECT FROM pg_locks WHERE pid = ${pid} AND NOT granted`)).length > 0,
      );
      await other.sql('UPDATE sales SET amount = amount WHERE id = 2');
    }
    await writer.db.execute('COMMIT');
  });
  expect(outcome).toMatchObject({ strategy: 'delta' });
  await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
  await sandbox.imat.revert('summary');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});
