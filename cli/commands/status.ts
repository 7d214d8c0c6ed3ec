import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { imatFields, imatsTable, surroundingsText } from '../render.ts';
import { onImat } from '../session.ts';

export function registerStatus(program: Command, context: Context): void {
  program
    .command('status')
    .argument('[name]', 'an imat, shown in full (default: all imats, in a table)')
    .summary('show the state of the imats')
    .description(
      'Shows for each imat its state, the number of change log rows that the next fold or ' +
        'swap includes, the time up to which its stored table contains all changes, and its ' +
        'size on disk.',
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
