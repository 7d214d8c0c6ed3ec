/**
 * Runs a command line in the process of the test, on a real database: the program without its
 * start, which takes longer than most commands.
 */
import { EventEmitter } from 'node:events';
import type { Host } from '../../cli/context.ts';
import { run } from '../../cli/run.ts';
import { connectDb } from '../../engine/db/connect-db.ts';
import { connect, createImat } from '../../engine/index.ts';
import type { Ended } from './built-cli.ts';

/** No other variable of the environment is seen. */
export async function runInProcess(argv: readonly string[], url: string): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const terminal = (stream: 'stdout' | 'stderr'): Host['stdout'] => ({
    write: (text) => {
      written[stream] += text;
    },
    isTTY: false,
    columns: 80,
  });
  const host: Host = {
    stdout: terminal('stdout'),
    stderr: terminal('stderr'),
    stdin: async () => '',
    environment: { DATABASE_URL: url },
    signals: new EventEmitter(),
    exit: () => undefined,
    connect,
    openSession: async (target) => {
      const db = await connectDb(target);
      return { db, imat: createImat(db) };
    },
  };
  const status = await run(argv, host, '1.2.3');
  return { status, ...written };
}
