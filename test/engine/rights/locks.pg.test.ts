/** Anybody can take any advisory lock. Maintenance must not wait for one. */
import { expect, test } from 'vitest';
import { LOCK_CLASS } from '../../../engine/catalog/migrate.ts';
import { startCli, useBuiltCli } from '../../cli/built-cli.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import {
  createRole,
  inPreparedSandbox,
  type Sandbox,
  type Session,
} from '../commands/support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

useBuiltCli();

const SETUP = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount int);
CREATE MATERIALIZED VIEW summary AS SELECT region, sum(amount) AS total FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW ranks AS ${REBUILT}
  SELECT region, max(amount) AS most FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW late AS SELECT region, count(*) AS n FROM sales GROUP BY region;`;
const SUMMARY = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';
const RANKS = `${REBUILT} SELECT region, max(amount) AS most FROM public.sales GROUP BY region`;

/** A role without any right holds the locks of all imats that there are, and will be. */
async function besieged(
  body: (sandbox: Sandbox, stranger: Session) => Promise<void>,
): Promise<void> {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks');
    const role = await createRole(sandbox);
    const stranger = await sandbox.session(role);
    await stranger.rows(
      `SELECT pg_advisory_lock(${LOCK_CLASS}, i) FROM generate_series(1, 20) AS i`,
    );
    await body(sandbox, stranger);
    await stranger.db.close();
    await sandbox.sql(`DROP ROLE ${role}`);
  });
}

test('folds, swaps, rebuilds, changes of freshness and the worker go on', async () => {
  await besieged(async (sandbox) => {
    for (const [index, maintain] of [
      () => sandbox.imat.fold('summary'),
      () => sandbox.imat.rebuild('summary'),
      () => sandbox.imat.convert('summary', { freshness: '1s' }),
      () => sandbox.imat.swap('ranks'),
      () => sandbox.imat.swap('ranks'),
      async () => {
        const url = ['--database-url', sandbox.url];
        const worker = await startCli(['worker', '--once', ...url]).ended;
        expect(worker.status, worker.stderr).toBe(0);
      },
    ].entries()) {
      await sandbox.sql(`INSERT INTO sales VALUES (${index}, 'r${index % 2}', ${index})`);
      await maintain();
    }
    expect((await sandbox.imat.status('ranks')).imats[0]).toMatchObject({ state: 'active' });
    await foldAll(sandbox.imat);
    await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
    await expectEqual(sandbox.db, 'imat.ranks', RANKS);
    expect((await sandbox.imat.verify()).results.every(({ equal }) => equal)).toBe(true);
  });
});

test('a conversion is refused with the lock named, and works when that is free', async () => {
  await besieged(async (sandbox, stranger) => {
    const error = await expectImatError('contention', () => sandbox.imat.convert('late'));
    expect(error.message).toContain(`advisory lock (${LOCK_CLASS}, `);
    expect((await sandbox.imat.list()).map(({ name }) => name)).toEqual(['ranks', 'summary']);
    await stranger.rows('SELECT pg_advisory_unlock_all()');
    await sandbox.imat.convert('late');
  });
});

test('an imat in use by another session is waited for by its row, not by a lock', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.sql(`INSERT INTO sales VALUES (1, 'a', 1)`);
    const role = await createRole(sandbox);
    await sandbox.imat.grantMonitor(role);
    const monitor = await sandbox.session(role);
    // Not even a role that monitors can lock the row.
    for (const lock of ['FOR UPDATE', 'FOR NO KEY UPDATE', 'FOR SHARE', 'FOR KEY SHARE'])
      await expect(monitor.sql(`SELECT id FROM imat_catalog.imat ${lock}`)).rejects.toMatchObject({
        sqlstate: '42501',
      });
    await monitor.db.close();
    await sandbox.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);

    const holder = await sandbox.session();
    await holder.sql('BEGIN; SELECT FROM imat_catalog.imat FOR NO KEY UPDATE');
    let done = false;
    const fold = sandbox.imat.fold('summary').then((result) => ((done = true), result));
    // The fold is under way, and cannot end before the row is free. The holder cannot observe it:
    // a transaction reads pg_stat_activity once.
    const observer = await sandbox.session();
    const runs = `SELECT count(*) > 0
      FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'active' AND query LIKE 'CALL imat.fold%'`;
    while (!(await observer.value<boolean>(runs))) expect(done).toBe(false);
    expect(done).toBe(false);
    await holder.sql('COMMIT');
    expect((await fold)[0]).toMatchObject({ name: 'summary', rows: 1 });
  });
});
