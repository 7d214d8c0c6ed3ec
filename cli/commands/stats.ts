import type { Command } from 'commander';
import type { ChangeStatistics, StatisticsOptions } from '../../engine/accounting-api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { choiceOption } from '../arguments.ts';
import { withBars, withSparkline } from '../chart.ts';
import type { Context, Host } from '../context.ts';
import { examples } from '../help.ts';
import { type Column, count, table } from '../output.ts';
import { onImat } from '../session.ts';

type Flags = {
  readonly from?: string;
  readonly to?: string;
  readonly by: StatisticsOptions['by'];
  readonly csv?: true;
};
type Row = ChangeStatistics['rows'][number];

export function registerStats(program: Command, context: Context): void {
  program
    .command('stats')
    .argument('<group>', 'the group; "imat group list" shows them')
    .summary('show how many rows changed between two marks')
    .description(
      'Shows exactly how many rows were inserted, updated, deleted and truncated in the tables ' +
        'of a group between two marks. What was rolled back does not count, and an updated row ' +
        'counts once. The SQL function is imat.log_stat_group(group, from, to). A terminal also ' +
        'shows bars, or a sparkline with --by mark; NO_COLOR=1 turns off their colour.',
    )
    .option('--from <mark>', 'the first mark; without it the first mark of the group')
    .option('--to <mark>', 'the last mark; without it up to now')
    .addOption(
      choiceOption('--by <what>', 'a row for each of these', [
        'table',
        'role',
        'verb',
        'mark',
      ]).default('table'),
    )
    .option('--csv', 'print comma-separated values with a header')
    .addHelpText(
      'after',
      examples([
        'stats sales --from before_the_import',
        'stats sales --from monday --to LAST_MARK --by role',
        'stats sales --by mark --csv',
      ]),
    )
    .action(async (group: string, { from, to, by, csv }: Flags, command: Command) => {
      if (csv === true && context.json)
        throw new ImatError('invalid_argument', {
          message: '--csv and --json cannot be used together',
          hint: 'Choose one of them.',
        });
      await onImat(context, command, async ({ accounting }) => {
        const found = await accounting.statistics(group, {
          from: from ?? null,
          to: to ?? null,
          by,
        });
        return {
          document: found,
          text: csv === true ? csvText(found) : statsTable(found, context.host),
        };
      });
    });
}

type Shown = Column & { readonly of: (row: Row) => string };

/** The columns that `by` gives a meaning, in the order of the output. */
function columnsFor(by: StatisticsOptions['by'], now: string): readonly Shown[] {
  const range: Shown[] = [
    { title: 'from', of: (row) => row.firstMark },
    { title: 'to', of: (row) => row.lastMark ?? now },
  ];
  const tables: Shown[] = [
    { title: 'schema', of: (row) => row.schema ?? '' },
    { title: 'table', of: (row) => row.table ?? '' },
  ];
  const extra: Readonly<Record<StatisticsOptions['by'], readonly Shown[]>> = {
    table: tables,
    role: [...tables, { title: 'role', of: (row) => row.role ?? '' }],
    verb: [...tables, { title: 'verb', of: (row) => row.verb ?? '' }],
    mark: [],
  };
  return [...extra[by], ...range];
}

function statsTable({ rows, by, group }: ChangeStatistics, host: Host): string {
  if (rows.length === 0) return `No changes in group "${group}".`;
  const columns = columnsFor(by, 'now');
  const text = table(
    [...columns, { title: 'rows', align: 'right' }],
    rows.map((row) => [...columns.map(({ of }) => of(row)), count(row.rows)]),
  );
  if (by === 'mark')
    return withSparkline(
      text,
      rows.map((row) => row.rows),
      host,
    );
  const named = columns.filter(({ title }) => title !== 'from' && title !== 'to');
  return withBars(
    text,
    rows.map((row) => ({ label: named.map(({ of }) => of(row)).join(' '), value: row.rows })),
    host,
  );
}

function csvText({ rows, by }: ChangeStatistics): string {
  const columns = columnsFor(by, '');
  return [
    [...columns.map(({ title }) => title), 'rows'],
    ...rows.map((row) => [...columns.map(({ of }) => of(row)), String(row.rows)]),
  ]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\n');
}

/** RFC 4180. */
const csvCell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
