import type { Command } from 'commander';
import type { AlterOptions } from '../../engine/api.ts';
import { choiceOption, queryText } from '../arguments.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { convertText } from '../render.ts';
import { onImat } from '../session.ts';

type Options = {
  readonly query: string;
  readonly strategy?: NonNullable<AlterOptions['strategy']>;
};

export function registerAlter(program: Command, context: Context): void {
  program
    .command('alter')
    .argument('<name>', 'the imat')
    .summary('give an imat another definition')
    .description(
      'Builds the imat with another query beside the one that is there, and then switches to it. ' +
        'Until then, reads return the former answer. imat.<name> keeps its grants and the views ' +
        'that depend on it. As long as there are any, the columns keep their names, types and ' +
        'order, and new ones come last. A materialized view that the imat ' +
        'was made from keeps its own definition.',
    )
    .requiredOption(
      '--query <sql|@file>',
      'the query, or "@" and the path of a file with the query; "@-" reads standard input',
    )
    .addOption(
      choiceOption('--strategy <strategy>', 'how it is maintained', ['auto', 'delta', 'swap']),
    )
    .addHelpText(
      'after',
      examples([
        'alter orders_by_day --query "SELECT day, count(*), sum(total) FROM orders GROUP BY day"',
        'alter orders_by_day --query @orders_by_day.sql',
      ]),
    )
    .action(async (name: string, _options: object, command: Command) => {
      const { query, strategy } = command.opts<Options>();
      const sql = await queryText(query, context.host);
      await onImat(context, command, async (imat, onProgress) => {
        const result = await imat.alter(name, sql, {
          onProgress,
          ...(strategy === undefined ? {} : { strategy }),
        });
        return { document: result, text: convertText(result) };
      });
    });
}
