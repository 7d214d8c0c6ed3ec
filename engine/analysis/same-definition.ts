/** Whether two definitions are the same: PostgreSQL prints views of them alike. */
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { viewText } from '../server/view-text.ts';
import type { Analysis } from './analyse.ts';
import { PRINTING } from './gate.ts';

/**
 * Whether a view has the definition that was analysed. A view of that text is compared, as
 * PostgreSQL's printing is not a fixed point, and what a view reads may have got another name.
 * Inside a transaction; leaves nothing behind.
 */
export async function hasDefinition(
  db: Db,
  view: number,
  { definition, searchPath }: Pick<Analysis, 'definition' | 'searchPath'>,
): Promise<boolean> {
  return rolledBack(db, async () => {
    db.defer(`${PRINTING}; SET LOCAL search_path = ${searchPath ?? 'pg_catalog'}`);
    db.defer(`CREATE TEMPORARY VIEW imat_same AS ${definition}`);
    db.defer('SET LOCAL search_path = pg_catalog');
    const [made] = await db.query<{ oid: number }>(
      `SELECT 'pg_temp.imat_same'::regclass::oid AS oid`,
    );
    return (await viewText(db, made?.oid ?? 0)) === (await viewText(db, view));
  });
}
