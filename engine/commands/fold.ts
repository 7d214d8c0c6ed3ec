/** Fold: what is pending goes into the state. */
import type { FoldResult, ImatStatus } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import { renewSources } from '../capture/renew.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { callProcedure } from './call-procedure.ts';
import { resolveImat } from '../server/names.ts';
import { statusOf } from './status.ts';

export async function fold(db: Db, name: string | null): Promise<FoldResult[]> {
  await requireCatalog(db);
  if (name !== null) {
    const { name: one } = await resolveImat(db, name);
    const result = await foldOne(db, one);
    await renewSources(db, [one]);
    return [result];
  }
  const { whole, broken } = await deltaImats(db);
  const results: FoldResult[] = broken;
  const failures: unknown[] = [];
  for (const one of whole) {
    try {
      results.push(await foldOne(db, one));
    } catch (error) {
      if (endsAll(error)) throw error;
      failures.push(error);
    }
  }
  await renewSources(db, whole);
  if (failures.length > 0) throw failures[0];
  return results.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const foldOne = async (db: Db, name: string): Promise<FoldResult> => ({
  name,
  ...(await callProcedure(db, 'fold', name)),
  error: null,
});

/** Without a connection there is nothing to go on with. */
const endsAll = (error: unknown): boolean =>
  !(error instanceof ImatError) ||
  error.condition === 'connection_failed' ||
  error.condition === 'interrupted';

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
      state === 'broken' ? [notFolded(name, problems)] : [],
    ),
  };
}

function notFolded(name: string, problems: ImatStatus['problems']): FoldResult {
  const [problem] = problems.filter(({ severity }) => severity !== 'warning');
  const { code, category, message, detail, hint } = new ImatError('broken', {
    message: `imat "${name}" is broken${problem === undefined ? '' : `: ${problem.message}`}`,
    hint: `Run imat repair ${shellWord(name)}.`,
  });
  return { name, rows: 0, ms: 0, error: { code, category, message, detail, hint } };
}
