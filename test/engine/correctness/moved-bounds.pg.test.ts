/**
 * Differences with the time that are compared with a constant, where moving the bound by it fails.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';
import { lacks } from '../../setup/database.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(`
CREATE DOMAIN clock AS time;
CREATE COLLATION other (${lacks('icu') ? "locale = 'C'" : "provider = icu, locale = 'und'"});
CREATE TABLE words (id int PRIMARY KEY, word text COLLATE other, plain text COLLATE "C");
INSERT INTO words SELECT i, w, w
FROM unnest(ARRAY['a', 'A', 'b', 'B', 'c']) WITH ORDINALITY AS u (w, i);
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
  // Where the bound cannot be moved, the values of all rows are compared.
  expect(strategy).toBe('delta');
  await expectEqual(sandbox.db, 'imat.far', definition);
  await sandbox.sql('UPDATE t SET due = due + 1');
  await expectEqual(sandbox.db, 'imat.far', definition);
  await sandbox.imat.fold('far');
  await expectEqual(sandbox.db, 'imat.far', definition);
  await sandbox.imat.revert('far');
});

// Whichever collation the database has, one of the two columns has another one.
test('texts have the order of the collation of the column', async () => {
  const shift = await sandbox.value<string>(`SELECT
    ((CURRENT_DATE + 1 + time '23:59:57')::timestamptz - clock_timestamp())::text`);
  const hour = `extract(hour FROM now() + interval '${shift}')`;
  const bound = `CASE WHEN ${hour} = 23 THEN 'a' ELSE 'B' END`;
  const definition = `SELECT id, word < ${bound} AS w, plain = ${bound} AS e, plain > ${bound} AS p,
    word = ${bound} AS we FROM public.words`;
  const { strategy } = await sandbox.imat.create(
    'spelt',
    `SELECT w, e, p, we, count(*) AS n
    FROM (${definition}) t GROUP BY w, e, p, we`,
  );
  expect(strategy).toBe('delta');
  await sandbox.sql('SELECT pg_sleep(3.5)');
  await expectEqual(
    sandbox.db,
    'imat.spelt',
    `SELECT w, e, p, we, count(*) AS n
    FROM (${definition}) t GROUP BY w, e, p, we`,
  );
  await sandbox.imat.revert('spelt');
});

test('what intervals move that are equal and not the same is asked at each read', async () => {
  const definition = `SELECT id FROM public.t
    WHERE due + extract(hour FROM now())::float8 * interval '1 mon' > timestamp '2026-12-28'`;
  expect(await sandbox.imat.create('months', definition)).toMatchObject({ strategy: 'delta' });
  await sandbox.sql(
    `UPDATE t SET due = timestamp '2026-03-25 12:00' + id % 600 * interval '1 day'`,
  );
  await expectEqual(sandbox.db, 'imat.months', definition);
  await sandbox.imat.revert('months');
});

test('a choice between such intervals by the time alone is made when it is read', async () => {
  const definition = `SELECT id FROM public.t WHERE due + CASE WHEN extract(hour FROM now()) = 23
    THEN interval '30 days' ELSE interval '1 mon' END > timestamp '2026-12-28'`;
  expect(await sandbox.imat.create('chosen', definition)).toMatchObject({ strategy: 'delta' });
  await sandbox.sql(`UPDATE t SET due = timestamp '2026-11-27 12:00' + id % 5 * interval '1 day'`);
  await expectEqual(sandbox.db, 'imat.chosen', definition);
  await sandbox.imat.fold('chosen');
  await expectEqual(sandbox.db, 'imat.chosen', definition);
  await sandbox.imat.revert('chosen');
});
