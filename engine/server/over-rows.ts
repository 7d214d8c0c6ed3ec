/** How the groups of an imat are stored that is there. */
import { catalogIsReadable } from '../catalog/trust.ts';
import type { Db } from '../db/db.ts';

/**
 * What statistics decided when an imat was planned (`Plan.overRows`), by the OID of its
 * definition's view: they may say otherwise now. Null where there is no such imat.
 */
export async function storedOverRows(
  db: Db,
  definitionView: number,
): Promise<readonly boolean[] | null> {
  if (!(await catalogIsReadable(db))) return null;
  const [imat] = await db.query<{ over_rows: readonly boolean[] }>(
    `SELECT to_json(over_rows) AS over_rows FROM imat_catalog.imat
     WHERE definition_view = $1 AND state = 'active' AND strategy = 'delta'`,
    [definitionView],
  );
  return imat?.over_rows ?? null;
}
