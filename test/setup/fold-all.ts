/** A fold of all imats that ends with the first failure, as a fold of one does. */
import type { FoldResult, Imat } from '../../engine/api.ts';
import { ERROR_CATALOGUE, type ErrorCondition } from '../../engine/errors/catalogue.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';

/** Imats that are broken are left alone. @throws ImatError what a fold failed with */
export async function foldAll(imat: Imat): Promise<readonly FoldResult[]> {
  const results = await imat.fold();
  for (const { error } of results)
    if (error !== null && error.code !== 'IM024') throw asThrown(error);
  return results;
}

const CONDITIONS = Object.keys(ERROR_CATALOGUE) as ErrorCondition[];

function asThrown(error: NonNullable<FoldResult['error']>): ImatError {
  const condition = CONDITIONS.find((one) => ERROR_CATALOGUE[one].code === error.code);
  return new ImatError(condition ?? 'internal', {
    message: error.message,
    detail: error.detail ?? undefined,
    hint: error.hint ?? undefined,
  });
}
