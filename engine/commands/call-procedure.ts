/** Calls of the procedures that maintain an imat. */
import type { Db } from '../db/db.ts';
import { maintained } from '../db/server-errors.ts';

export async function callProcedure(
  db: Db,
  procedure: 'fold' | 'swap',
  name: string,
): Promise<{ rows: number; ms: number }> {
  const start = performance.now();
  await maintained(name, procedure, () => db.query(`CALL imat.${procedure}($1)`, [name]));
  const ms = Math.round((performance.now() - start) * 100) / 100;
  const [row] = await db.query<{ rows: string | null }>(
    `SELECT current_setting('imat.rows', true) AS rows`,
  );
  return { rows: Number(row?.rows ?? 0), ms };
}
