/** Differences with the time that are compared with a constant, where moving the bound by it fails. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createSandbox } from '../commands/support/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox(`
CREATE DOMAIN clock AS time;
CREATE TABLE t (id int PRIMARY KEY, opens time, due date);
INSERT INTO t SELECT i, time '00:00' + i * interval '100 ms', DATE '2026-11-27' + i
FROM generate_series(0, 9) AS i`);
});
afterAll(() => sandbox.drop());

test.each(['time', 'public.clock'])('a time of day begins anew: %s', async (type) => {
  const shift = await sandbox.value<string>(`SELECT
    ((CURRENT_DATE + 1 + time '00:59:57')::timestamptz - clock_timestamp())::text`);
  const definition = `SELECT id FROM public.t
    WHERE (now() + interval '${shift}')::time::${type} - opens < '1 hour'`;
  await sandbox.imat.create('wrapped', definition);
  await sandbox.sql('SELECT pg_sleep(3.5)');
  await expectEqual(sandbox.db, 'imat.wrapped', definition);
  await sandbox.imat.revert('wrapped');
});

test.each([9_999_999, 999_999, 2_147_483_647])('%s days, over which no date is', async (days) => {
  const definition = `SELECT id FROM public.t WHERE CURRENT_DATE - due < ${days}
    OR due - CURRENT_DATE > ${days}`;
  const { strategy } = await sandbox.imat.create('far', definition);
  expect(strategy).toBe(days === 999_999 ? 'delta' : 'swap');
  await expectEqual(sandbox.db, 'imat.far', definition);
  await sandbox.sql('UPDATE t SET due = due + 1');
  if (strategy === 'delta') await sandbox.imat.fold('far');
  await expectEqual(sandbox.db, 'imat.far', definition);
  await sandbox.imat.revert('far');
});
