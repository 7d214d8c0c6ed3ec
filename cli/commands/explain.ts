import type { Command } from 'commander';
import type { ConvertOptions } from '../../engine/api.ts';
import { queryText, settingsOption } from '../arguments.ts';
import { settingsOf } from '../conversion-options.ts';
import type { Context } from '../context.ts';
import { explanationSql, explanationText } from '../explanation.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

type Options = { readonly sql?: true; readonly set?: ConvertOptions['settings'] };

export function registerExplain(program: Command, context: Context): void {
  program
    .command('explain')
    .argument(
      '<name|view|@file.sql>',
      'an imat, a materialized view, or "@" and a file with a query ("@-" for standard input)',
    )
    .summary('show how a definition is or would be maintained, and why')
    .description(
      'Shows how an imat is kept up to date, or how a materialized view or query would be: ' +
        'the strategy, what is stored for each clause, and what prevents a better strategy, ' +
        'with its place in the definition. The command changes nothing.',
    )
    .addOption(settingsOption())
    .option('--sql', 'print the statements that convert runs instead, ready for psql')
    .addHelpText(
      'after',
      examples([
        'explain my_sales_summary',
        'explain @orders_by_day.sql',
        'explain my_sales_summary --sql > install.sql',
      ]),
    )
    .action(async (target: string, given: Options, command: Command) => {
      const { sql, ...settings } = settingsOf(given);
      const query = target.startsWith('@') ? await queryText(target, context.host) : null;
      await onImat(context, command, async (imat) => {
        const explanation = await (query === null
          ? imat.explain(target, settings)
          : imat.explain(query, { query: true, ...settings }));
        return {
          document: explanation,
          text: sql === true ? explanationSql(explanation) : explanationText(explanation),
        };
      });
    });
}
