import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

type Flags = { readonly eventTriggers?: true };

const RECORDED = 'Event triggers record the commands that change the schema of what imats read.';
const NOT_RECORDED =
  'Event triggers were not created: this role may not, usually only a superuser may. ' +
  'imat history tells of changes from comparisons (a worker makes them, and imat history --now) ' +
  'and from commit timestamps if the server keeps them.';

export function registerInit(program: Command, context: Context): void {
  program
    .command('init')
    .summary('create the schemas that imat needs')
    .description(
      'Creates the schemas imat, imat_catalog and imat_store, or upgrades them to this ' +
        'version of imat. imat convert does this when necessary. Run imat init yourself if ' +
        'another role should own the schemas, or before you use the SQL API.',
    )
    .option(
      '--event-triggers',
      'also record each command that changes the schema, for imat history; only a role that may ' +
        'create event triggers can, usually a superuser',
    )
    .addHelpText(
      'after',
      examples([
        'init',
        'init --event-triggers',
        'init --database-url postgres://owner@db.example.com/shop',
      ]),
    )
    .action(async ({ eventTriggers }: Flags, command: Command) => {
      await onImat(context, command, async (imat) => {
        const result = await imat.init();
        const done = result.created
          ? `The imat catalog was created (version ${result.version}).`
          : `The imat catalog already exists (version ${result.version}).`;
        if (eventTriggers !== true) return { document: result, text: done };
        const created = await imat.accounting.recordCommands();
        return {
          document: { ...result, eventTriggers: created },
          text: `${done}\n${created ? RECORDED : NOT_RECORDED}`,
        };
      });
    });
}
