/** Requests that imat.create_imat records in SQL. */
import { expect, test } from 'vitest';
import type { DoctorCheck } from '../../../engine/environment-api.ts';
import { inPreparedSandbox } from './support/sandbox.ts';
import type { Sandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SUMMARY = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales;`;

async function troubles(sandbox: Sandbox): Promise<DoctorCheck[]> {
  const { checks } = await sandbox.imat.doctor();
  // Whatever is wrong comes with what to do.
  for (const check of checks)
    expect(check.hint === null, check.message).toBe(check.status === 'ok');
  return checks.filter((check) => check.status !== 'ok');
}

test('imat.create_imat records a request, doctor names it, convert carries it out', async () => {
  await inPreparedSandbox(SALES, async (sandbox) => {
    await sandbox.imat.init();
    expect(await sandbox.value(`SELECT imat.create_imat('summary')`)).toBe(
      'recorded: a running imat worker will carry this out; ' +
        'or do it now with: imat convert summary',
    );
    await sandbox.sql(
      `SELECT imat.create_imat('summary');
       SELECT imat.create_imat('public.ranks');
       SELECT imat.create_imat('"Odd" name')`,
    );
    expect(
      await sandbox.rows(
        'SELECT name, requested_by = current_user AS mine, requested_at <= now() AS ' +
          'at, carried_out_at FROM imat_catalog.request ORDER BY id',
      ),
    ).toEqual([
      { name: 'summary', mine: true, at: true, carried_out_at: null },
      { name: 'public.ranks', mine: true, at: true, carried_out_at: null },
      { name: '"Odd" name', mine: true, at: true, carried_out_at: null },
    ]);
    expect(
      (await troubles(sandbox)).map(({ check, status, hint }) => [check, status, hint]),
    ).toEqual([
      ['request summary', 'warning', 'imat convert summary'],
      ['request public.ranks', 'warning', 'imat convert public.ranks'],
      ['request "Odd" name', 'warning', `imat convert '"Odd" name'`],
    ]);
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks');
    expect((await troubles(sandbox)).map(({ check }) => check)).toEqual(['request "Odd" name']);
    expect(
      await sandbox.rows(
        'SELECT name FROM imat_catalog.request WHERE carried_out_at IS NOT NULL ORDER BY 1',
      ),
    ).toEqual([{ name: 'public.ranks' }, { name: 'summary' }]);
    expect(await sandbox.value(`SELECT imat.create_imat('summary')`)).toBe(
      'imat "summary" already exists: read imat.summary',
    );
  });
});
