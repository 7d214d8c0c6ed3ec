import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { imatFields, imatsTable, surroundingsText } from '../render.ts';
import { onImat } from '../session.ts';

export function registerStatus(program: Command, context: Context): void {
  program
    .command('status')
    .argument('[name]', 'one imat, shown in full; without it all of them in a table')
    .summary('show how the imats are doing')
    .description(
      'Shows how each imat is doing: its state, the rows of the change log that the next fold or swap takes in, the time up to which ' +
        'changes are in its stored table, and the space it takes.',
    )
    .addHelpText('after', examples(['status', 'status my_sales_summary', 'status --json']))
    .action(async (name: string | undefined, _options: object, command: Command) => {
      await onImat(context, command, async (imat) => {
        const result = await (name === undefined ? imat.status() : imat.status(name));
        const text =
          name === undefined ? imatsTable(result.imats) : result.imats.map(imatFields).join('\n\n');
        return { document: result, text: `${text}${surroundingsText(result)}` };
      });
    });
}
