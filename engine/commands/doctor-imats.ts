/** What doctor checks of each imat. */
import type { ImatProblem } from '../api.ts';
import type { DoctorCheck } from '../environment-api.ts';
import type { Db } from '../db/db.ts';
import { shellWord } from '../errors/shell-word.ts';
import { ok, problem } from './doctor-check.ts';

type ImatRow = {
  readonly name: string;
  readonly state: string;
  readonly strategy: string;
  readonly pending: string;
  readonly busy: boolean;
  readonly problems: readonly ImatProblem[];
};

const IMATS_SQL = `
SELECT s.name, i.state, s.strategy, s.pending_rows AS pending, s.problems,
  imat_catalog.is_built(i.id) AS busy
FROM imat_catalog.status s JOIN imat_catalog.imat i USING (name) ORDER BY s.name`;

export async function imatChecks(db: Db): Promise<DoctorCheck[]> {
  const imats = await db.query<ImatRow>(IMATS_SQL);
  return imats.flatMap((imat) => {
    const unfinished = unfinishedImat(imat);
    if (unfinished !== null) return [unfinished];
    const check = `imat ${imat.name}`;
    if (imat.problems.length === 0)
      return [ok(check, `${imat.strategy}, ${imat.pending} rows pending`)];
    return imat.problems.map(({ severity, message, hint }) =>
      problem(severity === 'warning' ? 'warning' : 'error', check, message, hint),
    );
  });
}

/** An imat that is being installed or reverted; null for any other. */
function unfinishedImat({ name, state, busy }: ImatRow): DoctorCheck | null {
  const check = `imat ${name}`;
  const word = shellWord(name);
  if (state === 'installing' && busy) return ok(check, 'is being installed by another session');
  if (state === 'installing')
    return problem(
      'error',
      check,
      'its installation was interrupted',
      `Run the same command again, which takes it up, or imat revert ${word}, which removes it.`,
    );
  if (state === 'reverting')
    return problem(
      'error',
      check,
      'its revert was interrupted, or lacked a right',
      `imat revert ${word}, as a role that owns its sources, finishes it.`,
    );
  return null;
}
