/** The changes of a group's tables: over time, over marks, by role and verb. */
import type { GroupReport, ReportChange } from '../accounting-api.ts';
import { count, firstName, html, lastName, type Markup, raw, time } from './markup.ts';
import { bars, overMarks, overTime, type Part, title } from './plots.ts';
import { colour, keyOf, qualified, type Series, seriesOf } from './series.ts';
import { table } from './table.ts';

const VERBS = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'];

/** What the colours of a plot mean. */
export const legend = (all: readonly Series[]): Markup =>
  html`<ul class="legend">${all.map(
    ({ label, colour }) =>
      html`<li><span class="swatch" style="background:${colour}"></span><bdi>${label}</bdi></li>`,
  )}</ul>`;

/** The sums of what has equal keys, in the order in which the keys come. */
export function summed<T>(
  rows: readonly T[],
  key: (row: T) => string,
  value: (row: T) => number,
): { readonly row: T; readonly sum: number }[] {
  const sums = new Map<string, { row: T; sum: number }>();
  for (const row of rows) {
    const found = sums.get(key(row));
    if (found === undefined) sums.set(key(row), { row, sum: value(row) });
    else found.sum += value(row);
  }
  return [...sums.values()];
}

const rowsOf = (change: ReportChange): number => change.rows;

export function tableSection(report: GroupReport): Markup {
  const members = report.tables.map(({ schema, table }) => ({
    key: keyOf(schema, table),
    label: qualified(schema, table),
  }));
  const series = seriesOf(members, 'tables');
  const parts = summed(
    report.changes,
    (change) => `${change.interval} ${series.of(keyOf(change.schema, change.table))}`,
    rowsOf,
  ).map(({ row, sum }) => {
    const one = series.all[series.of(keyOf(row.schema, row.table))];
    return partOf(report, row.interval, one, sum, `${one?.label}: ${count(sum)}`);
  });
  const plots =
    parts.length === 0
      ? html`<p>No row of these tables was changed.</p>`
      : html`${legend(series.all)}
<h3>Changed rows over time</h3>
${overTime(report, parts, 'changed rows')}${lines(report)}
<h3>Changed rows between marks</h3>
${overMarks(report, parts, 'changed rows')}`;
  return html`${plots}${totals(report)}${byInterval(report)}`;
}

export function partOf(
  report: GroupReport,
  interval: number,
  series: Series | undefined,
  value: number,
  text: string,
): Part {
  const range = report.intervals[interval];
  if (series === undefined || range === undefined) throw new Error('a change has an interval');
  return { interval, value, colour: series.colour, title: title(range, text) };
}

/** What the lines and areas of the plot over time mean, as far as it has any. */
function lines({ marks, schemaChanges }: GroupReport): Markup {
  const said = [
    'Each bar reaches from one mark to another',
    'dotted lines are marks',
    ...(schemaChanges.length > 0 ? ['dashed lines are schema changes'] : []),
    ...(marks.some(({ isStop }) => isStop) ? ['nothing was counted in grey areas'] : []),
  ];
  return html`<p class="quiet">${said.join('; ')}.</p>`;
}

const totals = ({ tables }: GroupReport): Markup =>
  table(
    'tables',
    'Changed rows of each table',
    [
      { title: 'schema', of: (row) => row.schema },
      { title: 'table', of: (row) => row.table },
      { title: 'rows', kind: 'number', of: (row) => row.rows },
    ],
    tables,
  );

/** The columns that say which interval a row is about. */
export const intervalColumns = <T extends { readonly interval: number }>(report: GroupReport) => {
  const range = ({ interval }: T): GroupReport['intervals'][number] | undefined =>
    report.intervals[interval];
  return [
    { title: 'from', of: (row: T) => firstName(range(row)?.firstMark) },
    { title: 'to', of: (row: T) => lastName(range(row)?.lastMark) },
    {
      title: 'begins (UTC)',
      kind: 'time' as const,
      of: (row: T) => time(range(row)?.from.at ?? ''),
    },
  ];
};

function byInterval(report: GroupReport): Markup {
  const found = summed(
    report.changes,
    ({ interval, schema, table }) => `${interval} ${keyOf(schema, table)}`,
    rowsOf,
  ).map(({ row, sum }) => ({ ...row, rows: sum }));
  return table(
    'intervals',
    'Changed rows of each table between marks',
    [
      ...intervalColumns<ReportChange>(report),
      { title: 'schema', of: (row) => row.schema },
      { title: 'table', of: (row) => row.table },
      { title: 'rows', kind: 'number', of: rowsOf },
    ],
    found,
  );
}

export function roleSection({ changes }: GroupReport): Markup {
  if (changes.length === 0) return raw('');
  const detailed = summed(
    changes,
    ({ schema, table, role, verb }) => JSON.stringify([schema, table, role, verb]),
    rowsOf,
  )
    .map(({ row, sum }) => ({ ...row, rows: sum }))
    .toSorted((a, b) => b.rows - a.rows);
  const roles = summed(detailed, ({ role }) => role, rowsOf).toSorted((a, b) => b.sum - a.sum);
  const verbs = VERBS.map((label, i) => ({ label, colour: colour(i) }));
  return html`<h3>Changed rows by role and verb</h3>
${legend(verbs.filter(({ label }) => changes.some(({ verb }) => verb === label)))}
${bars(
  roles.map(({ row: { role } }) => ({
    label: role,
    parts: verbs.flatMap(({ label: verb, colour }) => {
      const value = verbRows(detailed, role, verb);
      return value === 0 ? [] : [{ value, colour, title: `${role} ${verb}: ${count(value)}` }];
    }),
  })),
  'changed rows',
)}${table(
  'roles',
  'Changed rows of each table by role and verb',
  [
    { title: 'role', of: (row) => row.role },
    { title: 'verb', of: (row) => row.verb },
    { title: 'schema', of: (row) => row.schema },
    { title: 'table', of: (row) => row.table },
    { title: 'rows', kind: 'number', of: rowsOf },
  ],
  detailed,
)}`;
}

const verbRows = (changes: readonly ReportChange[], role: string, verb: string): number =>
  changes
    .filter((change) => change.role === role && change.verb === verb)
    .reduce((sum, { rows }) => sum + rows, 0);
