/**
 * Check: whether definitions can be maintained by the rule that is required, those of a database or
 * those in files. Nothing is changed, and no catalog is needed.
 */
import { queryOf, type QueryText } from '../../parser/statement.ts';
import type { Analysis } from '../analysis/analyse.ts';
import { prepare } from '../analysis/prepare.ts';
import { temporaryView } from '../analysis/query-text.ts';
import { placeIn } from '../analysis/source-place.ts';
import type { CheckOptions, CheckResult, CheckTarget, Reason } from '../api.ts';
import { catalogVersion } from '../catalog/migrate.ts';
import { catalogIsReadable } from '../catalog/trust.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { translated } from '../db/server-errors.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError, positionAt } from '../errors/imat-error.ts';
import { RULES } from '../plan/maintenance.ts';
import { readableViews } from './explain-all.ts';
import { ofName } from './explain.ts';
import { maintenanceOf } from './maintenance.ts';
import { resultError } from './result-error.ts';

type Required = NonNullable<CheckOptions['require']>;

export async function check(
  db: Db,
  serverMajor: number,
  { targets, require = 'regroup' }: CheckOptions,
  stop: AbortSignal,
): Promise<{ readonly results: readonly CheckResult[] }> {
  const all = targets ?? (await readableViews(db)).map(({ name }) => ({ name }));
  const results: CheckResult[] = [];
  for (const target of all)
    results.push(
      'file' in target
        ? await checkFile(db, serverMajor, target, require, stop)
        : await checkName(db, serverMajor, target.name, require, targets !== undefined, stop),
    );
  return { results };
}

/** A name that the user has given must be there; of all views, one can be dropped meanwhile. */
async function checkName(
  db: Db,
  serverMajor: number,
  name: string,
  require: Required,
  isGiven: boolean,
  stop: AbortSignal,
): Promise<CheckResult> {
  const result = async (): Promise<CheckResult> => {
    const analysis = await analysed(db, serverMajor, async () => {
      const hasCatalog = (await catalogIsReadable(db)) && (await catalogVersion(db)) > 0;
      return (await ofName(db, name, hasCatalog)).view;
    });
    return { name, isFile: false, ...verdict(analysis, require), place: null, error: null };
  };
  return translated(result).catch((error: unknown) => {
    if (isGiven && error instanceof ImatError && USAGE.has(error.condition)) throw error;
    return { name, isFile: false, ...FAILED, place: null, error: resultError(error, stop) };
  });
}

const USAGE: ReadonlySet<string> = new Set([
  'not_found',
  'not_a_materialized_view',
  'already_exists',
  'invalid_argument',
]);

async function checkFile(
  db: Db,
  serverMajor: number,
  { file, text }: Extract<CheckTarget, { file: string }>,
  require: Required,
  stop: AbortSignal,
): Promise<CheckResult> {
  const found = await queryOf(text);
  const at = (offset: number | null): CheckResult['place'] => {
    const { line, column, offset: place } = positionAt(text, found.start + (offset ?? 0));
    return { line, column, offset: place };
  };
  const result = async (): Promise<CheckResult> => {
    const analysis = await analysed(db, serverMajor, () =>
      temporaryView(db, found.query, found.columns),
    );
    const own = verdict(analysis, require);
    const place = own.passed ? null : at(writtenPlace(found, analysis, own.reasons));
    return { name: file, isFile: true, ...own, place, error: null };
  };
  return translated(result).catch((error: unknown) => {
    const offset =
      error instanceof ImatError && error.position?.text === found.query
        ? error.position.offset
        : null;
    const said = resultError(error, stop);
    return { name: file, isFile: true, ...FAILED, place: at(offset), error: said };
  });
}

/** The place of the first reason that has one, in the query as it is written. */
function writtenPlace(
  { query }: QueryText,
  { definition }: Analysis,
  reasons: readonly Reason[],
): number | null {
  const place = reasons.find(({ position }) => position !== null)?.position ?? null;
  return place === null ? null : placeIn(query, definition, place.offset);
}

const analysed = (db: Db, serverMajor: number, view: () => Promise<number>): Promise<Analysis> =>
  withShortLock(db, () =>
    rolledBack(db, async () => (await prepare(db, await view(), serverMajor, {})).analysis),
  );

type Verdict = Pick<CheckResult, 'passed' | 'maintenance' | 'reasons'>;

const FAILED: Verdict = { passed: false, maintenance: null, reasons: [] };

function verdict(analysis: Analysis, require: Required): Verdict {
  const maintenance = maintenanceOf(analysis);
  // Rows can be stored by a key because that costs less than to add their changes up.
  const couldAdd = maintenance.rule === 'regroup' && analysis.againstAdd.length === 0;
  const passed = couldAdd || RULES.indexOf(maintenance.rule) <= RULES.indexOf(require);
  const reasons = { add: [], regroup: analysis.againstAdd, swap: analysis.reasons };
  return { passed, maintenance, reasons: reasons[maintenance.rule] };
}
