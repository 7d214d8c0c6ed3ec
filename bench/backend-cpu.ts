/**
 * What a statement costs the server, where the clock shows mostly what else runs on the machine.
 */
import { readFileSync } from 'node:fs';
import type { Db } from '../engine/db/db.ts';
import { timed } from './measure.ts';

const NANOSECONDS_A_MILLISECOND = 1e6;

/**
 * Milliseconds of CPU time of the session's process for a statement; of the clock where /proc does
 * not tell.
 */
export async function backendMs(db: Db, sql: string): Promise<number> {
  const [session] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const before = usedMs(session?.pid);
  const elapsed = await timed(() => db.execute(sql));
  const after = usedMs(session?.pid);
  return before === null || after === null ? elapsed : after - before;
}

/** The first number of schedstat: nanoseconds on a CPU, exact where stat has ticks. */
function usedMs(pid: number | undefined): number | null {
  try {
    return (
      Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) /
      NANOSECONDS_A_MILLISECOND
    );
  } catch {
    return null;
  }
}
