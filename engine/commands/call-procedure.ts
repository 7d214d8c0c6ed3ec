/** Calls of the procedures that maintain an imat. */
import type { Db } from '../db/db.ts';
import { maintained } from '../db/server-errors.ts';
import { checkIntact, resolveImat } from '../server/names.ts';

/** An imat that has all it is built on. */
export async function intact(db: Db, name: string): Promise<{ id: number; name: string }> {
  const imat = await resolveImat(db, name);
  await checkIntact(db, imat.id);
  return imat;
}

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
