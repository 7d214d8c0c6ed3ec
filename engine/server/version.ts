/** The server's version. */
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';

const OLDEST_MAJOR = 15;

export async function majorOf(db: Db): Promise<number> {
  const [row] = await db.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  return Math.floor((row?.version ?? 0) / 10_000);
}

export async function supportedMajor(db: Db): Promise<number> {
  const major = await majorOf(db);
  if (major < OLDEST_MAJOR)
    throw new ImatError('unsupported_server', {
      message: `the server is PostgreSQL ${major}, imat needs ${OLDEST_MAJOR} or later`,
    });
  return major;
}
