/** The witness of the crowd: whether somebody waits for what imat must not make them wait for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Crowd } from './crowd.ts';

type Wait = {
  pid: number;
  mode: string;
  locktype: string;
  relation: string | null;
  ours: boolean;
  blockers: number[] | null;
  query: string;
};

/**
 * Who waits for what, as the server sees it. Modes tell reads from writes: what reads asks for
 * ACCESS SHARE. The file of a table is extended under a lock of its own kind (`extend`), by every
 * INSERT into any table; that is no lock on the table.
 */
export async function runWitness(crowd: Crowd): Promise<void> {
  const session = await crowd.world.session();
  while (crowd.running) {
    const waits = await session.rows<Wait>(
      `SELECT l.pid, l.mode, l.locktype, l.relation::regclass::text AS relation,
         COALESCE(n.nspname IN ('imat', 'imat_catalog', 'imat_store'), false)
           OR l.locktype = 'advisory' AS ours,
         to_json(pg_blocking_pids(l.pid)) AS blockers, a.query
       FROM pg_locks l
         JOIN pg_stat_activity a ON a.pid = l.pid
         LEFT JOIN pg_class c ON c.oid = l.relation
         LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT l.granted AND l.pid = ANY ('{${[...crowd.writerPids].join(',')}}')`,
    );
    crowd.figures.samples += 1;
    for (const wait of waits) judge(crowd, wait);
    if (crowd.figures.samples % 20 === 0) {
      const pending = await session.value<number>(
        'SELECT max(pending_rows)::int FROM imat_catalog.status',
      );
      crowd.figures.maxPending = Math.max(crowd.figures.maxPending, pending);
    }
    await sleep(10);
  }
}

function judge(crowd: Crowd, wait: Wait): void {
  const kind =
    wait.locktype === 'extend'
      ? 'file extension'
      : wait.mode === 'AccessShareLock'
        ? 'read'
        : wait.mode === 'AccessExclusiveLock'
          ? 'TRUNCATE'
          : `write, ${wait.locktype}`;
  crowd.figures.waits[kind] = (crowd.figures.waits[kind] ?? 0) + 1;
  if (kind === 'file extension' || kind === 'read') return;
  expect(wait.ours, `a writer waits for an imat object: ${JSON.stringify(wait)}`).toBe(false);
  // A TRUNCATE waits for everybody who reads the table, a fold of a join among them.
  if (kind === 'TRUNCATE') return;
  const maintainers = (wait.blockers ?? []).filter((pid) => crowd.maintainerPids.has(pid));
  expect(maintainers, `a writer waits for a fold or swap: ${JSON.stringify(wait)}`).toEqual([]);
}
