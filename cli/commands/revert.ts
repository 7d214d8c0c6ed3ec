import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

export function registerRevert(program: Command, context: Context): void {
  program
    .command('revert')
    .argument('<name>', 'the imat to remove')
    .summary('remove an imat and everything created for it')
    .description(
      'Removes an imat and everything that was installed for it: imat.<name>, its stored ' +
        'table, and the triggers and change logs that no other imat uses. A materialized view ' +
        'that --replace set aside is restored.',
    )
    .addHelpText('after', examples(['revert my_sales_summary', 'revert my_sales_summary --json']))
    .action(async (name: string, _options: object, command: Command) => {
      await onImat(context, command, async (imat, onProgress) => {
        const result = await imat.revert(name, { onProgress });
        const original = result.original === null ? '' : ` ${result.original} is as it was before.`;
        return {
          document: result,
          text: `${result.name} and everything installed for it were removed.${original}`,
        };
      });
    });
}
