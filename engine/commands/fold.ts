/** Fold: what is pending goes into the state. */
import type { FoldResult, ImatStatus, ResultError } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import { renewSources } from '../capture/renew.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { resolveImat } from '../server/names.ts';
import { callProcedure } from './call-procedure.ts';
import { resultError } from './result-error.ts';
import { statusOf } from './status.ts';

/** One imat; or all, each with its own outcome. */
export async function fold(db: Db, name: string | null, stop: AbortSignal): Promise<FoldResult[]> {
  await requireCatalog(db);
  if (name !== null) {
    const { name: one } = await resolveImat(db, name);
    const result = await foldOne(db, one);
    await renewSources(db, [one]);
    return [result];
  }
  const { whole, broken } = await deltaImats(db);
  const results: FoldResult[] = broken;
  for (const one of whole)
    results.push(
      await foldOne(db, one).catch((error: unknown) => notFolded(one, resultError(error, stop))),
    );
  // What was folded is told whatever becomes of that: the next fold tries it again.
  await renewSources(db, whole).catch((error: unknown) => resultError(error, stop));
  return results.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const foldOne = async (db: Db, name: string): Promise<FoldResult> => ({
  name,
  ...(await callProcedure(db, 'fold', name)),
  error: null,
});

const notFolded = (name: string, error: ResultError): FoldResult => ({
  name,
  rows: 0,
  ms: 0,
  error,
});

/**
 * Those that can be folded, and those that cannot, which are marked as broken, as a fold of each
 * would mark it: no read must answer from them.
 */
async function deltaImats(db: Db): Promise<{ whole: string[]; broken: FoldResult[] }> {
  await db.query('SELECT imat_catalog.break_differing(NULL, false)');
  const imats = (await statusOf(db, null)).filter(({ strategy }) => strategy === 'delta');
  return {
    whole: imats.flatMap(({ name, state }) => (state === 'active' ? [name] : [])),
    broken: imats.flatMap(({ name, state, problems }) =>
      state === 'broken' ? [notFolded(name, brokenBy(name, problems))] : [],
    ),
  };
}

function brokenBy(name: string, problems: ImatStatus['problems']): ResultError {
  const [problem] = problems.filter(({ severity }) => severity !== 'warning');
  const { code, category, message, detail, hint } = new ImatError('broken', {
    message: `imat "${name}" is broken${problem === undefined ? '' : `: ${problem.message}`}`,
    hint: `Run imat repair ${shellWord(name)}.`,
  });
  return { code, category, message, detail, hint };
}
