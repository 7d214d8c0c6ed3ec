/** How the groups of an imat are stored that is there. */
import { catalogIsReadable } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';

/**
 * Whether the groups of an imat are stored over their rows, by the OID of its definition's view:
 * statistics may say otherwise now. Null where there is no such imat.
 */
export async function storedOverRows(db: Db, definitionView: number): Promise<boolean | null> {
  if (!(await catalogIsReadable(db))) return null;
  const [imat] = await db.query<{ over_rows: boolean }>(
    `SELECT over_rows FROM imat_catalog.imat
     WHERE definition_view = $1 AND state = 'active' AND strategy = 'delta'`,
    [definitionView],
  );
  return imat?.over_rows ?? null;
}
