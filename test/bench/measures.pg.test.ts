import { expect, test } from 'vitest';
import { createDatabases, type Databases } from '../../bench/databases.ts';
import { chooseGenerator } from '../../bench/load.ts';
import { MEASURES } from '../../bench/measures/all.ts';
import type { Result } from '../../bench/result.ts';
import type { Scale } from '../../bench/scale.ts';
import { connectDb } from '../../engine/db/connect-db.ts';
import { inject } from 'vitest';

const TINY: Scale = { rows: 2000, groups: 100, rounds: 1, seconds: 0.1, bulkRows: 500, pendingRows: 500 };

/** Measuring memory starts a process from dist/, which the tests of the command line build. */
const measures = MEASURES.filter(({ name }) => name !== 'memory');

test('every measure runs, on a server with nothing prepared, and leaves nothing behind', async () => {
  const url = inject('postgresUrl');
  const results: Result[] = [];
  const databases: Databases = await createDatabases(url, TINY, () => undefined);
  try {
    const generator = chooseGenerator(null);
    for (const { run } of measures) {
      await run({ databases, scale: TINY, generator, cpuSeconds: () => null, report: (result) => results.push(result) });
    }
  } finally {
    await databases.drop();
  }
  expect(results.length).toBeGreaterThan(measures.length);
  for (const result of results) expect(result.imat.median, result.name).toBeGreaterThan(0);
  const db = await connectDb({ kind: 'url', url });
  expect(await db.query("SELECT datname FROM pg_database WHERE datname LIKE 'imat_bench_%'")).toEqual([]);
  await db.close();
}, 120_000);
