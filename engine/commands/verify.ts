/** Verify: imats against their definitions. */
import type { VerifyResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { translated } from '../db/server-errors.ts';
import { checkIntact, checkLoaded, resolveImat } from '../server/names.ts';
import { compareWithDefinition } from './compare.ts';
import { resultError } from './result-error.ts';

/** One imat; or all, each with its own outcome. */
export async function verify(
  db: Db,
  name: string | null,
  stop: AbortSignal,
): Promise<VerifyResult[]> {
  await requireCatalog(db);
  const imat = name === null ? null : await resolveImat(db, name);
  if (imat !== null) checkLoaded(imat);
  const rows = await db.query<{
    id: number;
    name: string;
    relation: string;
    definition: string;
    view: number;
  }>(
    `SELECT i.id, i.name, i.relation::text AS relation, i.definition_view::text AS definition,
       i.relation::oid AS view
     FROM imat_catalog.imat i
     WHERE ($1::text IS NULL OR i.name = $1) AND i.state = 'active'
     ORDER BY i.name`,
    [imat?.name ?? null],
  );
  const results: VerifyResult[] = [];
  for (const row of rows) {
    const compare = async (): Promise<VerifyResult> => {
      await checkIntact(db, row.id);
      return compareWithDefinition(db, {
        id: row.id,
        name: row.name,
        relation: row.relation,
        definitionView: row.definition,
        viewOid: row.view,
      });
    };
    results.push(
      await translated(compare).catch((error: unknown) => {
        if (name !== null) throw error;
        return {
          name: row.name,
          equal: false,
          differences: 0,
          sample: [],
          rows: 0,
          behind: null,
          error: resultError(error, stop),
        };
      }),
    );
  }
  return results;
}
