import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { imatNamesTable } from '../render.ts';
import { onImat } from '../session.ts';

export function registerList(program: Command, context: Context): void {
  program
    .command('list')
    .summary('list the imats')
    .description(
      'Lists the imats of the database: the relation to read, how each is kept up to date, ' +
        'and what it was converted from.',
    )
    .addHelpText('after', examples(['list', 'list --json']))
    .action(async (_options: object, command: Command) => {
      await onImat(context, command, async (imat) => {
        const imats = await imat.list();
        return { document: { imats }, text: imatNamesTable(imats) };
      });
    });
}
