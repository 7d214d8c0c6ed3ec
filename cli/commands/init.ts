import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

export function registerInit(program: Command, context: Context): void {
  program
    .command('init')
    .summary('create the schemas that imat needs')
    .description(
      'Creates the schemas imat, imat_catalog and imat_store, or upgrades them to this ' +
        'version of imat. imat convert does this when necessary. Run imat init yourself if ' +
        'another role should own the schemas, or before you use the SQL API.',
    )
    .addHelpText(
      'after',
      examples(['init', 'init --database-url postgres://owner@db.example.com/shop']),
    )
    .action(async (_options: object, command: Command) => {
      await onImat(context, command, async (imat) => {
        const result = await imat.init();
        const done = result.created
          ? `The imat catalog was created (version ${result.version}).`
          : `The imat catalog already exists (version ${result.version}).`;
        return { document: result, text: done };
      });
    });
}
