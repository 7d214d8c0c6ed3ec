import { expect, inject, test } from 'vitest';
import { createDatabases, type Databases } from '../../bench/databases.ts';
import { chooseGenerator } from '../../bench/load.ts';
import { CannotRun, type Measure } from '../../bench/measure.ts';
import { MEASURES } from '../../bench/measures/all.ts';
import type { Result } from '../../bench/result.ts';
import type { Scale } from '../../bench/scale.ts';
import { connectDb } from '../../engine/db/connect-db.ts';

const TINY: Scale = {
  rows: 2000,
  groups: 100,
  rounds: 1,
  seconds: 0.1,
  bulkRows: 500,
  loadedRows: 1000,
  commits: 1000,
  asked: 5,
  pendingRows: 500,
  warehouse: 0.0001,
  growing: [200, 400, 800],
};

/** Measuring memory starts a process from dist/, which the tests of the command line build. */
const onOneServer = MEASURES.filter(({ name }) => name !== 'memory' && name !== 'extension');
const extension = MEASURES.filter(({ name }) => name === 'extension');

test('every measure runs, with nothing prepared, and leaves nothing behind', async () => {
  const results = await runAll(onOneServer);
  expect(results.length).toBeGreaterThan(onOneServer.length);
  for (const result of results) expect(result.imat.median, result.name).toBeGreaterThan(0);
});

test('the extension is measured on servers of its own, or it is said why not', async (context) => {
  try {
    const results = await runAll(extension);
    expect(
      results.map(({ name, bar }) =>
        `${name}: ${bar?.kind ?? 'no bar'} ${bar?.value ?? ''}`.trim(),
      ),
    ).toEqual(JUDGED);
    for (const result of results) expect(result.imat.median, result.name).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    expect(error.message).toContain('table_change_tracker could not be built for PostgreSQL 15: ');
    context.skip(error.message);
  }
});

const JUDGED = [
  'tracked: 1-row inserts, 1 client: at least 0.97',
  'tracked: 1-row updates, 1 client: at least 0.97',
  'tracked: 1-row inserts, 8 clients: at least 0.97',
  'tracked: 1-row updates, 8 clients: at least 0.97',
  'tables_changed_since of 1000 tables: at most 1',
  'tables_changed_since of 1000 tables, asked by a client: no bar',
  'captured: 1-row inserts, 1 client: at most 1.25',
  'captured: 1-row inserts in the server, each with its commit: at most 1.25',
  'captured: COPY of 500 rows: at most 2.2',
  'captured: update of 500 rows: at most 1.6',
  'captured: delete of 500 rows: at most 1.6',
];

async function runAll(measures: readonly Measure[]): Promise<Result[]> {
  const url = inject('postgresUrl');
  const results: Result[] = [];
  const databases: Databases = await createDatabases(url, TINY, () => undefined);
  try {
    const generator = chooseGenerator(null);
    for (const { run } of measures) {
      await run({
        databases,
        scale: TINY,
        generator,
        cpuSeconds: () => null,
        report: (result) => results.push(result),
      });
    }
  } finally {
    await databases.drop();
  }
  const db = await connectDb({ kind: 'url', url });
  expect(
    await db.query("SELECT datname FROM pg_database WHERE datname LIKE 'imat_bench_%'"),
  ).toEqual([]);
  await db.close();
  return results;
}
