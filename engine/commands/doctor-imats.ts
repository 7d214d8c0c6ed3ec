/** What doctor checks of each imat. */
import type { DoctorCheck } from '../api.ts';
import { LOCK_CLASS } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { shellWord } from '../errors/shell-word.ts';
import { ok, problem } from './doctor-check.ts';
import { installsElsewhere } from './register.ts';

type ImatRow = {
  readonly name: string;
  readonly state: string;
  readonly strategy: string;
  readonly pending: string;
  readonly phase: string | null;
  readonly busy: boolean;
  readonly unreplaced: boolean;
  readonly unfoldable: boolean;
  readonly replaced: string | null;
  readonly regranted: boolean;
};

const IMATS_SQL = `
SELECT s.name, s.state, s.strategy, s.pending_rows AS pending, i.swap_phase AS phase,
  ${installsElsewhere('$1', 'i.id')} AS busy,
  i.original_name IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = i.replacement) AS unreplaced,
  i.fold_function IS NOT NULL AND to_regproc(i.fold_function) IS NULL AS unfoldable,
  (
    SELECT string_agg(split_part(u.rule, ':', 1)::oid::regclass::text, ', ')
    FROM unnest(imat_catalog.rules_read(i.definition_view)) u(rule)
    WHERE u.rule <> ALL (i.rules_read)
  ) AS replaced,
  imat_catalog.granted_like(i.id) IS NOT NULL
    AND imat_catalog.grants_on(imat_catalog.granted_like(i.id)) <> i.grants AS regranted
FROM imat_catalog.status s JOIN imat_catalog.imat i USING (name) ORDER BY s.name`;

export async function imatChecks(db: Db): Promise<DoctorCheck[]> {
  const imats = await db.query<ImatRow>(IMATS_SQL, [LOCK_CLASS]);
  return imats.flatMap((imat) => {
    const unusable = unusableImat(imat);
    if (unusable !== null) return [unusable];
    const found = imatProblems(imat);
    return found.length === 0
      ? [ok(`imat ${imat.name}`, `${imat.strategy}, ${imat.pending} rows pending`)]
      : found;
  });
}

/** What is wrong with an imat as a whole, or being done to it; null if it is there. */
function unusableImat({ name, state, busy }: ImatRow): DoctorCheck | null {
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
  if (state === 'broken')
    return problem(
      'error',
      check,
      'something it is built on is gone, or it was restored into another cluster',
      `imat revert ${word}, then convert again.`,
    );
  return null;
}

function imatProblems(imat: ImatRow): DoctorCheck[] {
  const word = shellWord(imat.name);
  const found: [status: 'warning' | 'error', message: string, hint: string][] = [];
  if (imat.unfoldable)
    found.push([
      'error',
      'its fold function is gone: reads are right, but get slower and slower',
      `imat revert ${word}, then convert again.`,
    ]);
  if (imat.replaced !== null)
    found.push([
      'error',
      `what it reads was replaced: ${imat.replaced}`,
      `imat revert ${word}, then convert again, for the view as it is now.`,
    ]);
  if (imat.regranted)
    found.push([
      'warning',
      'who may read its materialized view has changed, and not who may read the imat',
      `imat grant ${word} passes on what was granted and revoked since.`,
    ]);
  if (imat.phase !== null)
    found.push([
      'warning',
      `a swap is unfinished (${imat.phase}): reads are right, but cost more`,
      `imat swap ${word} finishes it.`,
    ]);
  if (imat.strategy === 'delta' && Number(imat.pending) > 10_000)
    found.push([
      'warning',
      `${imat.pending} rows are pending: reads are right, but slow`,
      `imat fold ${word}`,
    ]);
  if (imat.unreplaced)
    found.push([
      'error',
      'the view in the original’s place was dropped',
      `imat revert ${word} brings the materialized view back.`,
    ]);
  return found.map(([status, message, hint]) =>
    problem(status, `imat ${imat.name}`, message, hint),
  );
}
