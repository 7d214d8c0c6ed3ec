/**
 * A pooler in transaction mode gives each transaction another backend. What imat keeps in its
 * session (settings, advisory locks) would be lost, or end up in somebody else's.
 */
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from './db.ts';

export const backendPid = async (db: Db): Promise<number> => {
  const [row] = await db.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return row?.pid ?? 0;
};

/**
 * The session is known to go through a pooler, since the process that the connection names is not
 * its backend. In transaction mode, a second session is given the backend of the first one, which
 * is idle, or else the first one has another backend by now. In session mode neither can be.
 *
 * @throws ImatError `unsupported_server`
 */
export async function refuseTransactionPooler(
  session: Db,
  firstPid: number,
  open: () => Promise<Db>,
): Promise<void> {
  const second = await open();
  try {
    const secondPid = await backendPid(second);
    if (secondPid !== firstPid && (await backendPid(session)) === firstPid) return;
  } finally {
    await second.close().catch(() => undefined);
  }
  throw new ImatError('unsupported_server', {
    message: 'the connection goes through a pooler in transaction mode',
    detail: 'imat needs a session of its own: it relies on session settings and advisory locks.',
    hint:
      'Connect imat to the server itself, or to a session-mode port of the pooler. ' +
      'Applications that read and write may use any pooler.',
  });
}
