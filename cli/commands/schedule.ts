import type { Command } from 'commander';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

export function registerSchedule(program: Command, context: Context): void {
  program
    .command('schedule')
    .summary('maintain imats without a worker, by pg_cron')
    .description(
      'Puts jobs into pg_cron that fold, swap and clean by SQL alone, for databases where no worker can run. pg_cron runs once a minute ' +
        '(with --every, also every few seconds where it is version 1.5 or later), so an imat with a freshness below that needs a worker.',
    )
    .option('--pg-cron', 'use pg_cron, the only scheduler there is')
    .option(
      '--every <seconds>',
      'run every so many seconds, 1 to 59, in place of once a minute',
      wholeNumber('--every', 1, 59),
    )
    .option('--remove', 'take the jobs away again')
    .option('--dry-run', 'print the statements that would be run; change nothing')
    .addHelpText(
      'after',
      examples([
        'schedule --pg-cron',
        'schedule --pg-cron --every 10',
        'schedule --pg-cron --dry-run',
        'schedule --pg-cron --remove',
      ]),
    )
    .action(
      async (
        flags: { pgCron?: true; every?: number; remove?: true; dryRun?: true },
        command: Command,
      ) => {
        if (flags.pgCron !== true)
          throw new ImatError('invalid_argument', {
            message: 'no scheduler given',
            hint: 'imat schedule --pg-cron; or run imat worker.',
          });
        await onImat(context, command, async (imat) => {
          const result = await imat.schedule({
            everySeconds: flags.every ?? null,
            remove: flags.remove === true,
            dryRun: flags.dryRun === true,
          });
          const done = flags.dryRun === true ? 'Would be run' : 'Done';
          return {
            document: result,
            text: [`${done}:`, ...result.statements.map((statement) => `${statement};`)].join('\n'),
          };
        });
      },
    );
}
