/** Logs that grow are named by doctor, with who has not taken in their rows. */
import { expect, test } from 'vitest';
import type { DoctorCheck } from '../../../engine/environment-api.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { inPreparedSandbox } from './support/sandbox.ts';
import type { Sandbox } from './support/sandbox.ts';

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales;`;

async function troubles(sandbox: Sandbox): Promise<DoctorCheck[]> {
  const { checks } = await sandbox.imat.doctor();
  return checks.filter((check) => check.status !== 'ok');
}

test('a log that a manual imat keeps', async () => {
  await inPreparedSandbox(`${SALES} CREATE TABLE notes (id int, note text)`, async (sandbox) => {
    await sandbox.imat.convert('ranks', { freshness: 'manual' });
    await sandbox.imat.create('noted', 'SELECT count(note) AS n FROM notes', {
      freshness: 'manual',
    });
    // Its answer depends on the moment, so it keeps no rows, however old it is.
    await sandbox.imat.create('dated', 'SELECT clock_timestamp() AS at, note FROM notes', {
      freshness: '5 min',
    });
    // As 10001 statements write to it, one row each.
    await sandbox.sql(`INSERT INTO imat_store.log_public_sales (weight)
      SELECT 0 FROM generate_series(1, 10001)`);
    expect(await troubles(sandbox)).toEqual([
      {
        check: 'imat ranks',
        status: 'warning',
        message: expect.stringMatching(
          /^10001 rows are pending, and the logs, which have \d+ kB, keep them/,
        ),
        hint: 'imat swap ranks',
      },
    ]);
    await sandbox.imat.swap('ranks');
    expect(await troubles(sandbox)).toEqual([]);
    // What repeats at a distance of more than 4 kB is not compressed.
    await sandbox.sql(`INSERT INTO notes SELECT i, (
        SELECT repeat(string_agg(md5(j::text), ''), 150) FROM generate_series(1, 250) j)
      FROM generate_series(1, 95) i`);
    expect(await troubles(sandbox)).toEqual([
      {
        check: 'source public.notes',
        status: 'warning',
        message: expect.stringMatching(
          /^its log has 1\d\d MB, and keeps rows that these imats have not taken in: noted$/,
        ),
        hint: expect.stringContaining('imat fold'),
      },
    ]);
    const [dated, noted] = (await sandbox.imat.list()).filter(({ name }) => name !== 'ranks');
    expect(dated).toMatchObject({ name: 'dated', logBytes: 0, logRows: 0 });
    expect(noted?.logBytes).toBeGreaterThan(100_000_000);
    await sandbox.imat.fold('noted');
    expect(await troubles(sandbox)).toEqual([
      {
        check: 'source public.notes',
        status: 'warning',
        message: expect.stringContaining('although every imat has taken in its rows'),
        hint: expect.stringContaining('vacuums'),
      },
    ]);
  });
});
