import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { counted, duration } from '../output.ts';
import { onImat } from '../session.ts';

export function registerSwap(program: Command, context: Context): void {
  program
    .command('swap')
    .argument('<name>', 'the imat to rebuild')
    .summary('rebuild an imat into a second table and switch to it')
    .description(
      'Computes the whole definition into a second table, which then replaces the first. ' +
        'Readers of every snapshot see the right table, and nobody waits. Any client can do ' +
        'the same with CALL imat.swap(name).',
    )
    .addHelpText('after', examples(['swap my_sales_summary', 'swap my_sales_summary --json']))
    .action(async (name: string, _options: object, command: Command) => {
      await onImat(context, command, async (imat) => {
        const result = await imat.swap(name);
        return {
          document: result,
          text:
            `${result.name} was rebuilt with ${counted(result.rows, 'row')} in ` +
            `${duration(result.ms)}.`,
        };
      });
    });
}
