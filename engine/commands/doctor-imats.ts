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
  /** Of the last attempt to maintain it. */
  readonly code: string | null;
  readonly error: string | null;
  readonly hint: string | null;
};

const IMATS_SQL = `
SELECT s.name, i.state, s.strategy, s.pending_rows AS pending, s.problems,
  imat_catalog.is_built(i.id) AS busy, s.error_code AS code, s.error, s.error_hint AS hint
FROM imat_catalog.status s JOIN imat_catalog.imat i USING (name) ORDER BY s.name`;

export async function imatChecks(db: Db): Promise<DoctorCheck[]> {
  const imats = await db.query<ImatRow>(IMATS_SQL);
  return imats.flatMap((imat) => {
    const unfinished = unfinishedImat(imat);
    if (unfinished !== null) return [unfinished];
    const check = `imat ${imat.name}`;
    const found = imat.problems.map(({ severity, message, hint }) =>
      problem(severity === 'warning' ? 'warning' : 'error', check, message, hint),
    );
    if (imat.code !== null) found.push(failure(imat, check));
    if (found.length > 0) return found;
    return [ok(check, `${imat.strategy}, ${imat.pending} rows pending`)];
  });
}

function failure({ name, code, error, hint }: ImatRow, check: string): DoctorCheck {
  const text = [code, error].filter((part) => part !== null).join(': ');
  return problem('error', check, text, hint ?? `imat status ${shellWord(name)} shows it in full.`);
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
