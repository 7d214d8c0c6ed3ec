/**
 * A repair that is killed in each of its phases, with writers beside: reads stay as they were, and
 * the next repair takes it up.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sqlAtOnce } from './support/at-once.ts';
import { expectImatError } from './support/expect-imat-error.ts';
import { expectEqual } from './support/oracle.ts';
import { createRole, createSandbox, type Sandbox } from './support/sandbox.ts';

const TOTALS = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';
const SETUP = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount int NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW totals AS ${TOTALS};`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox(SETUP);
  await sandbox.imat.convert('totals');
});
afterAll(() => sandbox.drop());

const terminate = (pid: number): string => `SELECT pg_terminate_backend(${pid}, 10000)`;

const steps = ['reading', 'installing capture', 'loading', 'switching'];

test.each(steps)('killed while %s', async (step) => {
  const session = await sandbox.session();
  const pid = await session.value<number>('SELECT pg_backend_pid()');
  const outcome = await session.imat
    .repair('totals', {
      onProgress: ({ label }) => {
        if (label.startsWith(step)) sqlAtOnce(sandbox.url, terminate(pid));
      },
    })
    .catch((error: unknown) => error);
  expect(outcome).toMatchObject({ condition: 'connection_failed' });
  await sandbox.sql(`UPDATE sales SET amount = amount + 1 WHERE id % 7 = 0`);
  await expectEqual(sandbox.db, 'imat.totals', TOTALS);
  expect((await sandbox.imat.list()).map((imat) => imat.name)).toEqual(['totals']);
  const unfinished = await sandbox.value<string>(
    'SELECT count(*) FROM imat_catalog.imat WHERE builds IS NOT NULL',
  );
  const named = (await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok');
  expect(named).toHaveLength(Number(unfinished));
  expect(await sandbox.imat.repair()).toMatchObject(
    unfinished === '0' ? [] : [{ name: 'totals', error: null }],
  );
  await sandbox.sql(`UPDATE sales SET amount = amount + 1 WHERE id % 5 = 0`);
  await expectEqual(sandbox.db, 'imat.totals', TOTALS);
  expect((await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
  expect(await sandbox.value(`SELECT count(*) FROM imat_catalog.imat`)).toBe('1');
});

test('a second repair is kept out, and revert removes everything', async () => {
  await sandbox.sql('DROP TRIGGER "!imat_update" ON sales');
  const writer = await sandbox.session();
  await writer.sql('BEGIN; UPDATE sales SET amount = amount WHERE id = 1');
  const other = await sandbox.session();
  let waits: (() => void) | null = null;
  const waiting = new Promise<void>((resolve) => (waits = resolve));
  const repaired = other.imat.repair('totals', {
    onProgress: ({ label }) => (label.includes('waiting for writers') ? waits?.() : undefined),
  });
  await waiting;
  await expectImatError('contention', () => sandbox.imat.repair('totals'));
  await writer.sql('COMMIT');
  expect(await repaired).toMatchObject([{ error: null }]);
  await expectEqual(sandbox.db, 'imat.totals', TOTALS);
  await sandbox.imat.revert('totals');
  expect(await sandbox.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
});

test('an interrupted convert is finished, and an ordinary owner repairs', async () => {
  const role = await createRole(sandbox);
  await sandbox.sql(`GRANT CREATE, TEMPORARY ON DATABASE ${new URL(sandbox.url).pathname.slice(1)}
      TO ${role};
    ALTER TABLE sales OWNER TO ${role}; ALTER MATERIALIZED VIEW totals OWNER TO ${role}`);
  const owner = await sandbox.session(role);
  const first = await sandbox.session(role);
  const pid = await first.value<number>('SELECT pg_backend_pid()');
  const writer = await sandbox.session();
  await writer.sql('BEGIN; UPDATE sales SET amount = amount WHERE id = 1');
  await first.imat
    .convert('totals', {
      onProgress: ({ label }) => {
        if (label.includes('waiting for writers')) sqlAtOnce(sandbox.url, terminate(pid));
      },
    })
    .catch(() => undefined);
  await writer.sql('COMMIT');
  expect((await owner.imat.list()).map((imat) => imat.state)).toEqual(['installing']);
  expect(await owner.imat.repair()).toMatchObject([{ name: 'totals', error: null }]);
  await owner.sql('UPDATE sales SET amount = amount + 1 WHERE id < 9');
  await expectEqual(owner.db, 'imat.totals', TOTALS);
  await owner.sql('ALTER TABLE sales DISABLE TRIGGER USER; UPDATE sales SET amount = 0');
  expect(await owner.imat.repair('totals')).toMatchObject([{ name: 'totals', error: null }]);
  await expectEqual(owner.db, 'imat.totals', TOTALS);
  await owner.imat.revert('totals');
});
