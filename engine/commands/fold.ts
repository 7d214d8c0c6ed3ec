/** Fold: what is pending goes into the state. */
import type { FoldResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import { renewSources } from '../capture/renew.ts';
import type { Db } from '../db/db.ts';
import { callProcedure } from './call-procedure.ts';
import { resolveImat } from '../server/names.ts';
import { statusOf } from './status.ts';

export async function fold(db: Db, name: string | null): Promise<FoldResult[]> {
  await requireCatalog(db);
  const names = name === null ? await wholeImats(db) : [(await resolveImat(db, name)).name];
  const results: FoldResult[] = [];
  for (const one of names) results.push({ name: one, ...(await callProcedure(db, 'fold', one)) });
  await renewSources(db, names);
  return results;
}

/**
 * Those that can be folded. The others are marked as broken, as a fold of each would mark it: no
 * read must answer from them.
 */
async function wholeImats(db: Db): Promise<string[]> {
  await db.query('SELECT imat_catalog.break_differing(NULL, false)');
  return (await statusOf(db, null))
    .filter((imat) => imat.strategy === 'delta' && imat.state === 'active')
    .map((imat) => imat.name);
}
