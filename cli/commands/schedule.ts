import type { Command } from 'commander';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

export function registerSchedule(program: Command, context: Context): void {
  program
    .command('schedule')
    .summary('maintain imats with pg_cron instead of a worker')
    .description(
      'Adds pg_cron jobs that fold, swap and clean by SQL alone, for databases that no ' +
        'worker can serve. The jobs run once a minute, or, with --every and pg_cron 1.5 or ' +
        'later, every few seconds. An imat with a shorter freshness interval needs a worker.',
    )
    .option('--pg-cron', 'use pg_cron (required; no other scheduler is supported)')
    .option(
      '--every <seconds>',
      'run at this interval, 1 to 59 seconds, instead of once a minute',
      wholeNumber('--every', 1, 59),
    )
    .option('--remove', 'remove the jobs')
    .option('--dry-run', 'print the statements that would run; change nothing')
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
            hint: 'Run imat schedule --pg-cron, or use imat worker.',
          });
        await onImat(context, command, async (imat) => {
          const result = await imat.schedule({
            everySeconds: flags.every ?? null,
            remove: flags.remove === true,
            dryRun: flags.dryRun === true,
          });
          const done = flags.dryRun === true ? 'Would run' : 'Done';
          return {
            document: result,
            text: [`${done}:`, ...result.statements.map((statement) => `${statement};`)].join('\n'),
          };
        });
      },
    );
}
