/** Alter: another definition for an imat, built beside and switched to. */
import { isConstant } from '../analysis/prepare.ts';
import type { AlterOptions, ConvertResult } from '../api.ts';
import type { Db } from '../db/db.ts';
import { resolveImat } from '../server/names.ts';
import { imatNames } from '../sql/names.ts';
import { buildBeside } from './build-beside.ts';
import { withCost } from './rebuild-cost.ts';
import { prepareCatalog, sameStrategy, targetOf } from './build-target.ts';

/**
 * @throws ImatError `not_initialized`, `not_found`, `invalid_definition`, `has_dependents` if what
 * reads the imat could not go on
 */
export async function alter(
  db: Db,
  serverMajor: number,
  name: string,
  query: string,
  options: AlterOptions,
): Promise<ConvertResult> {
  await prepareCatalog(db);
  const imat = await resolveImat(db, name);
  const target = await targetOf(db, imat.id);
  const { prepared, loadMs } = await buildBeside(db, serverMajor, target, {
    query,
    strategy: options.strategy ?? sameStrategy(target),
    reason: 'altered',
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const result = {
    name: target.name,
    relation: imatNames(target.name).view.text,
    strategy: prepared.strategy,
    freshness: prepared.freshness,
    reasons: prepared.strategy === 'delta' ? [] : prepared.analysis.reasons,
    notes: prepared.notes,
    dryRun: false,
    loadMs,
    proposedFreshness: null,
  };
  return withCost(result, loadMs, isConstant(prepared));
}
