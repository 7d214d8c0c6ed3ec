/** Swap: the definition is stored anew beside what is read, which it then replaces. */
import type { SwapResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import { renewSources } from '../capture/renew.ts';
import type { Db } from '../db/db.ts';
import { callProcedure, intact } from './call-procedure.ts';

export async function swap(db: Db, name: string): Promise<SwapResult> {
  await requireCatalog(db);
  const imat = await intact(db, name);
  const result = { name: imat.name, ...(await callProcedure(db, 'swap', imat.name)) };
  await renewSources(db, [imat.name]);
  return result;
}
