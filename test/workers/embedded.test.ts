/** A worker on the embedded database, which has one session for all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import { createImat } from '../../engine/index.ts';
import { DEFAULT_POLICY } from '../../workers/policy.ts';
import { ImatWorker } from '../../workers/worker.ts';
import { REBUILT } from '../setup/rebuilt.ts';

test('it folds and swaps, in one pass and for as long as it runs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'imat-embedded-'));
  const target = { kind: 'embedded', directory: join(directory, 'data') } as const;
  const lines: string[] = [];
  const worker = () =>
    new ImatWorker({
      targets: [target],
      queue: null,
      policy: { ...DEFAULT_POLICY, tickMs: 20, maxPendingMs: 50, liveSwapMs: 0 },
      version: 'test',
      logLevel: 'debug',
      writeLog: (line) => lines.push(line),
      http: null,
    });
  const onDatabase = async <T>(
    body: (db: Awaited<ReturnType<typeof connectDb>>) => Promise<T>,
  ): Promise<T> => {
    const db = await connectDb(target);
    try {
      return await body(db);
    } finally {
      await db.close();
    }
  };
  try {
    await onDatabase(async (db) => {
      await db.execute('CREATE TABLE public.t (k int); INSERT INTO public.t VALUES (1), (2)');
      await createImat(db).create('counts', 'SELECT k, count(*) AS n FROM public.t GROUP BY k');
      await createImat(db).create(
        'ranks',
        `${REBUILT} SELECT k, rank() OVER (ORDER BY k) AS r FROM public.t`,
        { freshness: '1ms' },
      );
      await db.execute('INSERT INTO public.t VALUES (3)');
    });
    const pass = worker();
    const { runs } = await pass.once();
    await pass.stop();
    expect(runs.map((run) => `${run.action} ${run.imat}`).toSorted()).toEqual([
      'fold counts',
      'swap ranks',
    ]);
    await onDatabase((db) => db.execute('INSERT INTO public.t VALUES (4)'));
    lines.length = 0;
    const running = worker();
    await running.start();
    const done = (action: string): boolean =>
      lines.some((line) => line.includes(`"action":"${action}"`));
    while (!(done('fold') && done('swap'))) await sleep(50);
    expect(await running.stop()).toBe(true);
    const left = await onDatabase((db) =>
      db.query('SELECT name FROM imat_catalog.imat WHERE imat_catalog.pending_rows(id) > 0'),
    );
    expect(left).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
