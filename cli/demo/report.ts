import type { ConvertResult } from '../../engine/api.ts';
import { counted, duration, table } from '../output.ts';
import { indented, notesText, reasonsText } from '../render.ts';
import type { Check, GroupKey } from './checks.ts';
import type { Place } from './place.ts';
import { type Sales, VIEW_NAME } from './sales.ts';
import type { Timing } from './timings.ts';

export type Played = {
  readonly server: string;
  readonly groups: number;
  readonly convert: ConvertResult;
  readonly checks: readonly Check[];
  readonly pendingRows: number;
  readonly timings: readonly Timing[];
};

export function welcomeText(rows: number, server: string, embedded: boolean): string {
  const place = embedded ? `an embedded ${server} (PGlite)` : server;
  const first = `imat demo: ${counted(rows, 'sale')} in ${place}`;
  if (!embedded)
    return (
      `${first}\nIt runs in the schema imat_demo and removes everything it created at the ` +
      'end.\n'
    );
  return (
    `${first}\nThe embedded database has a single session: this demo shows correct answers ` +
    'and their cost, not concurrent clients.\n'
  );
}

export function viewText(sales: Sales, groups: number): string {
  return (
    `CREATE MATERIALIZED VIEW ${sales.shortView} AS\n${indented(sales.definition)};\n  ` +
    `${counted(groups, 'group')}\n`
  );
}

export function conversionText(
  result: ConvertResult,
  sales: Sales,
  place: Place,
  ms: number,
): string {
  const name = place.name === VIEW_NAME ? '' : ` --name ${place.name}`;
  const lines = [
    `$ imat convert ${sales.shortView}${name}`,
    `  ${result.relation} is ready after ${duration(ms)}: strategy ${result.strategy}, ` +
      `freshness ${result.freshness}.`,
  ];
  if (result.reasons.length > 0)
    lines.push(indented(reasonsText(result.strategy, result.reasons, null)));
  if (result.notes.length > 0) lines.push(indented(notesText(result.notes)));
  return `${lines.join('\n')}\n`;
}

export function checksText(checks: readonly Check[], relation: string, key: GroupKey): string {
  const steps = table(
    [
      { title: 'write' },
      { title: 'sales', align: 'right' },
      { title: 'revenue', align: 'right' },
      { title: 'average', align: 'right' },
      { title: 'unrefreshed view', align: 'right' },
      { title: 'equal to the definition' },
    ],
    checks.map(({ step, group, unrefreshed, differences }) => [
      step,
      group?.sales ?? 'no group',
      group?.revenue ?? '',
      group?.average ?? '',
      unrefreshed?.sales ?? 'no group',
      differences === 0 ? 'yes, all groups' : `NO: ${counted(differences, 'row')} differ`,
    ]),
  );
  return (
    `Every write is visible in ${relation} immediately. The group (${key.region}, ` +
    `${key.product}) after each:\n${indented(steps)}\n`
  );
}

export function timingsText(timings: readonly Timing[], pendingRows: number): string {
  const times = table(
    [
      { title: 'with imat' },
      { title: 'time', align: 'right' },
      { title: 'without' },
      { title: 'time', align: 'right' },
    ],
    timings.map((timing) => [
      timing.job,
      duration(timing.ms),
      timing.comparedWith,
      duration(timing.comparedMs),
    ]),
  );
  return (
    `Times (medians; ${counted(pendingRows, 'row')} of the change log ` +
    `pending):\n${indented(times)}\n`
  );
}

export function endText({ checks }: Played): string {
  const failed = checks.filter((check) => check.differences > 0);
  if (failed.length === 0)
    return `${counted(checks.length, 'comparison')} with the definition, all equal.\n\n${NEXT}`;
  const steps = failed.map((check) => `"${check.step}"`).join(', ');
  return (
    `FAILED: imat and the definition differ after ${steps}. This is a bug in imat: please ` +
    'report it.'
  );
}

const NEXT = `Next, on your own database (set DATABASE_URL, or add --database-url <url>):
  npx imat doctor                        checks that everything imat needs is there
  npx imat explain <materialized view>   shows what imat would do, and why
  npx imat convert <materialized view>   does it; then read imat.<name>
  npx imat verify                        compares it with its definition
  npx imat revert <name>                 removes it and everything created for it`;

/** The result for programs. */
export function demoDocument(rows: number, driver: string, { checks, ...played }: Played): object {
  return {
    rows,
    driver,
    ...played,
    checks: checks.map(({ step, group, differences }) => ({
      step,
      equal: differences === 0,
      differences,
      group,
    })),
    ok: checks.every((check) => check.differences === 0),
  };
}
