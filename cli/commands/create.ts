import type { Command } from 'commander';
import { queryText } from '../arguments.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { addConversionOptions, type ConversionOptions, settingsOf } from '../conversion-options.ts';
import { convertText } from '../render.ts';
import { onImat } from '../session.ts';

type Options = ConversionOptions & { readonly query: string };

export function registerCreate(program: Command, context: Context): void {
  const command = program
    .command('create')
    .argument('<name>', 'the name in the schema imat')
    .summary('create imat.<name> from a query')
    .description(
      'Creates imat.<name> from a query instead of a materialized view. Otherwise it works ' +
        'like imat convert.',
    );
  addConversionOptions(command)
    .requiredOption(
      '--query <sql|@file>',
      'the query, or "@" and the path of a file with the query; "@-" reads standard input',
    )
    .addHelpText(
      'after',
      examples([
        'create orders_by_day --query "SELECT day, count(*) FROM orders GROUP BY day"',
        'create orders_by_day --query @orders_by_day.sql --freshness 1m',
        'create orders_by_day --query @- --dry-run < orders_by_day.sql',
      ]),
    )
    .action(async (name: string, _options: object, command: Command) => {
      const { query, ...options } = settingsOf(command.opts<Options>());
      const sql = await queryText(query, context.host);
      await onImat(context, command, async (imat, onProgress) => {
        const result = await imat.create(name, sql, { ...options, onProgress });
        return { document: result, text: convertText(result) };
      });
    });
}
