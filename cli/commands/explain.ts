import type { Command } from 'commander';
import type { ConvertOptions } from '../../engine/api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { shellWord } from '../../engine/errors/shell-word.ts';
import { durationMs, isQuery, queryText, settingsOption } from '../arguments.ts';
import { settingsOf } from '../conversion-options.ts';
import type { Context } from '../context.ts';
import { explanationSql, explanationText } from '../explanation.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';
import { viewsText } from '../maintenance.ts';

type Options = {
  readonly sql?: true;
  readonly set?: ConvertOptions['settings'];
  readonly all?: true;
  readonly measure?: true;
  readonly timeout?: number;
};

const TARGET = 'name|view|query|@file.sql';
const TIMEOUT_MS = 30_000;
const MOST_MS = 24 * 60 * 60 * 1000;

export function registerExplain(program: Command, context: Context): void {
  program
    .command('explain')
    .argument(
      `[${TARGET}]`,
      'an imat, a materialized view, a query, or "@" and a file with a query ("@-" for standard ' +
        'input)',
    )
    .summary('show how a definition is or would be maintained, and why')
    .description(
      'Shows how an imat is kept up to date, or how a materialized view or query would be: ' +
        'the strategy, what is stored for each clause, and what prevents a better strategy, ' +
        'with its place in the definition. For rows that are computed again by key, it also ' +
        'shows which indexes are missing. The costs of folds and reads are what the planner of ' +
        'PostgreSQL predicts; the query is not run. With --all, the command shows one line for ' +
        'each materialized view of the database that you may read. It changes nothing.',
    )
    .addOption(settingsOption())
    .option(
      '--sql',
      'print the statements that convert runs, to read; running them by hand makes no imat',
    )
    .option('--all', 'show all materialized views in one table')
    .option(
      '--measure',
      'with --all: run each definition once, with EXPLAIN ANALYZE in a read-only transaction ' +
        "that is rolled back, copy the view's rows into a temporary table there, and show how " +
        'long the definition and a REFRESH take',
    )
    .option(
      '--timeout <duration>',
      'with --measure: stop a definition, or a copy, that runs longer than this (default: 30s)',
      durationMs('--timeout', 1, MOST_MS),
    )
    .addHelpText(
      'after',
      examples([
        'explain my_sales_summary',
        'explain "SELECT region, sum(amount) FROM sale GROUP BY region"',
        'explain @orders_by_day.sql',
        'explain my_sales_summary --sql | less',
        'explain --all --measure --timeout 10s',
      ]),
    )
    .action(async (target: string | undefined, options: Options, command: Command) => {
      checkOptions(target, options);
      if (options.all === true) await explainAll(context, command, options);
      else if (target !== undefined) await explainOne(context, command, target, options);
      else
        command.error(`error: missing required argument '${TARGET}'`, {
          code: 'commander.missingArgument',
        });
    });
}

function checkOptions(target: string | undefined, options: Options): void {
  const refuse = (message: string, hint: string): never => {
    throw new ImatError('invalid_argument', { message, hint });
  };
  const { all, sql, set, measure, timeout } = options;
  if (all === true && target !== undefined)
    refuse(
      `"${target}" and --all cannot be used together`,
      'Use "imat explain --all" for all materialized views, or ' +
        `"imat explain ${shellWord(target)}" for one.`,
    );
  if (all === true && sql === true)
    refuse('--sql and --all cannot be used together', 'Print the statements of one definition.');
  if (all === true && set !== undefined)
    refuse('--set and --all cannot be used together', 'Give settings for one definition.');
  if (measure === true && all !== true)
    refuse('--measure needs --all', 'Use "imat explain --all --measure".');
  if (timeout !== undefined && measure !== true)
    refuse('--timeout needs --measure', 'Use "imat explain --all --measure --timeout 10s".');
}

async function explainOne(
  context: Context,
  command: Command,
  target: string,
  given: Options,
): Promise<void> {
  const { sql, all: _all, measure: _measure, timeout: _timeout, ...settings } = settingsOf(given);
  const query = isQuery(target) ? await queryText(target, context.host) : null;
  await onImat(context, command, async (imat) => {
    const explanation = await (query === null
      ? imat.explain(target, settings)
      : imat.explain(query, { query: true, ...settings }));
    return {
      document: explanation,
      text: sql === true ? explanationSql(explanation) : explanationText(explanation),
    };
  });
}

async function explainAll(
  context: Context,
  command: Command,
  { measure, timeout = TIMEOUT_MS }: Options,
): Promise<void> {
  await onImat(context, command, async (imat) => {
    const document = await imat.explainAll(measure === true ? { measure: timeout } : {});
    return { document, text: viewsText(document.views, measure === true) };
  });
}
