/**
 * Repair: brings broken imats back, whatever broke them: a restore, a dropped schema, a lost log,
 * capture that was disabled, an interrupted convert. An imat is built anew from its definition,
 * beside what is left of it; its view keeps its OID, its grants and what depends on it.
 */
import type { ConvertOptions, RepairResult, ResultError } from '../api.ts';
import type { Db } from '../db/db.ts';
import { toImatError } from '../db/server-errors.ts';
import { ImatError } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { resolveImat } from '../server/names.ts';
import type { Target } from './build-target.ts';
import { buildBeside } from './build-beside.ts';
import { prepareCatalog, sameStrategy, targetOf } from './build-target.ts';
import { resultError } from './result-error.ts';

type Options = Pick<ConvertOptions, 'onProgress'> & { readonly stop: AbortSignal };

/**
 * One imat, whole or not; or all that are not whole, each with its own outcome.
 * @throws ImatError `not_initialized`, `not_found`, and for one imat what its build throws
 */
export async function repair(
  db: Db,
  serverMajor: number,
  name: string | null,
  options: Options,
): Promise<RepairResult[]> {
  await prepareCatalog(db);
  if (name !== null) {
    const imat = await resolveImat(db, name);
    return [await repairOne(db, serverMajor, imat.id, options)];
  }
  return repairAll(db, serverMajor, options);
}

/** An imat that reads another one may have to wait for that. */
async function repairAll(db: Db, serverMajor: number, options: Options): Promise<RepairResult[]> {
  const done: RepairResult[] = [];
  let left = await brokenImats(db);
  for (;;) {
    const failed: RepairResult[] = [];
    for (const imat of left) {
      const result = await repairOne(db, serverMajor, imat.id, options).catch((error: unknown) =>
        notRepaired(imat.name, resultError(error, options.stop)),
      );
      (result.error === null ? done : failed).push(result);
    }
    if (failed.length === 0 || failed.length === left.length) return [...done, ...failed];
    left = left.filter((imat) => failed.some((one) => one.name === imat.name));
  }
}

const notRepaired = (name: string, error: ResultError): RepairResult => ({
  name,
  strategy: null,
  ms: 0,
  error,
});

/** In the order of their conversion: what an imat reads was there before. */
async function brokenImats(db: Db): Promise<{ id: number; name: string }[]> {
  return db.query<{ id: number; name: string }>(
    `SELECT i.id, i.name FROM imat_catalog.imat i
     WHERE i.builds IS NULL AND i.state <> 'reverting' AND NOT imat_catalog.is_built(i.id)
       AND (i.state = 'installing'
         OR EXISTS (SELECT FROM imat_catalog.problems(i.id, 0) p WHERE p.severity <> 'warning'))
     ORDER BY i.id`,
  );
}

async function repairOne(
  db: Db,
  serverMajor: number,
  id: number,
  options: Options,
): Promise<RepairResult> {
  const start = performance.now();
  const target = await targetOf(db, id);
  if (target.state === 'reverting')
    throw new ImatError('source_changed', {
      message: `imat "${target.name}" is being reverted`,
      hint: `imat revert ${shellWord(target.name)} finishes it.`,
    });
  const {
    prepared: { strategy },
  } = await buildBeside(db, serverMajor, target, {
    ...options,
    query: null,
    strategy: sameStrategy(target),
    reason: 'repaired',
  }).catch((error: unknown) => Promise.reject(notRepairable(target, toImatError(error))));
  return {
    name: target.name,
    strategy,
    ms: Math.round(performance.now() - start),
    error: null,
  };
}

/** A definition that does not work any more needs a person. */
function notRepairable({ name }: Target, error: unknown): unknown {
  if (
    !(error instanceof ImatError) ||
    (error.condition !== 'invalid_definition' && error.condition !== 'definition_failed')
  )
    return error;
  const word = shellWord(name);
  return new ImatError(error.condition, {
    message: `imat "${name}" cannot be repaired: ${error.message}`,
    detail: error.detail ?? 'Its definition does not work any more.',
    hint: `imat alter ${word} --query gives it another definition; imat revert ${word} removes it.`,
    cause: error,
  });
}
