/** Swap: the definition is stored anew beside what is read, which it then replaces. */
import type { SwapResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import { renewSources } from '../capture/renew.ts';
import type { Db } from '../db/db.ts';
import { resolveImat } from '../server/names.ts';
import { callProcedure } from './call-procedure.ts';

export async function swap(db: Db, name: string): Promise<SwapResult> {
  await requireCatalog(db);
  const imat = await resolveImat(db, name);
  const result = { name: imat.name, ...(await callProcedure(db, 'swap', imat.name)) };
  await renewSources(db, [imat.name]);
  return result;
}
