/** The jobs are run by hand, as pg_cron runs them: test/workers/pg-cron.pg.test.ts waits for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import type { Db } from '../../engine/db/db.ts';
import { findPgCron } from '../../tools/install-services.mjs';
import { type PostgresServer, startPostgres } from '../../tools/postgres.ts';
import { useBuiltCli } from '../cli/built-cli.ts';
import { consoleLines, exampleFile, runLine } from './console.ts';

const binaries = findPgCron();
if (binaries === null)
  process.stderr.write('NOT RUN: the example pg-cron, because pg_cron is not installed\n');

useBuiltCli();

describe.skipIf(binaries === null)('the example pg-cron', () => {
  let server: PostgresServer;
  let db: Db;

  beforeAll(async () => {
    if (binaries === null) throw new Error('pg_cron is not installed');
    server = await startPostgres({
      binaries,
      settings: { shared_preload_libraries: 'pg_cron', 'cron.database_name': 'postgres' },
    });
    db = await connectDb({ kind: 'url', url: server.url });
    // The default of psql; imat's own sessions look up nothing outside pg_catalog.
    await db.execute('SET search_path = public');
  });
  afterAll(async () => {
    await db?.close();
    await server?.stop();
  });

  const jobs = () =>
    db.query<{ name: string; command: string }>(
      `SELECT jobname AS name, command FROM cron.job ORDER BY jobname`,
    );

  async function run(lines: readonly string[]): Promise<string[]> {
    const outputs: string[] = [];
    for (const line of lines) {
      const ended = await runLine('pg-cron', line, db, server.url);
      if (ended === null) continue;
      expect([ended.status, ended.stderr], line).toEqual([0, '']);
      outputs.push(ended.stdout);
    }
    return outputs;
  }

  test('its commands convert both views and schedule jobs that maintain them', async () => {
    const [stock, shelves] = await run(consoleLines('pg-cron').slice(0, -1));
    expect(stock).toContain('strategy delta, freshness live');
    expect(shelves).toContain('strategy swap, freshness 5min');
    expect(await jobs()).toHaveLength(4);

    await db.execute(`INSERT INTO movements VALUES ('washer', 3, 40)`);
    const pending = `SELECT pending_rows::int AS rows
      FROM imat_catalog.status
      WHERE name = 'stock'`;
    expect(await db.query(pending)).toEqual([{ rows: 1 }]);
    for (const { command } of await jobs()) await db.execute(command);
    expect(await db.query(pending)).toEqual([{ rows: 0 }]);
    expect(
      await db.query(
        `SELECT * FROM imat.stock EXCEPT ALL
        SELECT item, sum(quantity) FROM movements GROUP BY item`,
      ),
    ).toEqual([]);
  });

  test('its last command removes the jobs', async () => {
    await run(consoleLines('pg-cron').slice(-1));
    expect(await jobs()).toEqual([]);
    expect(exampleFile('pg-cron', 'watch.sql')).toContain('cron.job_run_details');
  });
});
