import { Command } from 'commander';
import { registerAlter } from './commands/alter.ts';
import { registerCheck } from './commands/check.ts';
import { registerConvert } from './commands/convert.ts';
import { registerCreate } from './commands/create.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerExplain } from './commands/explain.ts';
import { registerExtension } from './commands/extension.ts';
import { registerFold } from './commands/fold.ts';
import { registerGrant } from './commands/grant.ts';
import { registerGroup } from './commands/group.ts';
import { registerHistory } from './commands/history.ts';
import { registerInit } from './commands/init.ts';
import { registerList } from './commands/list.ts';
import { registerMark } from './commands/mark.ts';
import { registerRepair } from './commands/repair.ts';
import { registerReport } from './commands/report.ts';
import { registerRevert } from './commands/revert.ts';
import { registerStatus } from './commands/status.ts';
import { registerSchedule } from './commands/schedule.ts';
import { registerStats } from './commands/stats.ts';
import { registerSwap } from './commands/swap.ts';
import { registerVerify } from './commands/verify.ts';
import { registerWorker } from './commands/worker.ts';
import type { Context } from './context.ts';
import { examples } from './help.ts';

/** In the order in which a new user needs them, which is also the order in the help. */
const REGISTRATIONS = [
  registerDemo,
  registerDoctor,
  registerInit,
  registerExplain,
  registerCheck,
  registerConvert,
  registerCreate,
  registerList,
  registerStatus,
  registerVerify,
  registerFold,
  registerSwap,
  registerWorker,
  registerSchedule,
  registerGrant,
  registerAlter,
  registerRepair,
  registerRevert,
  registerGroup,
  registerMark,
  registerStats,
  registerReport,
  registerHistory,
  registerExtension,
];

const DESCRIPTION =
  'Turns a PostgreSQL materialized view into an incrementally maintained table. imat.<name> ' +
  'always gives the rows that the view would give if it were refreshed at that moment. ' +
  'Maintaining it makes no writer wait.';

const FOOTER = `
Database: --database-url or --embedded; otherwise DATABASE_URL; otherwise PGHOST, PGPORT,
PGDATABASE, PGUSER and PGPASSWORD. Global options can be written before or after the command.

Exit status:
  0    success
  1    a bug in imat
  2    the request cannot be carried out; change it first
  3    verify found a difference, or check found what needs more than is required
  4    no connection or contention; try again
  130  interrupted by Ctrl-C (143 by SIGTERM)

Errors are written to stderr. With --json, an error is the only document on stdout.
IMAT_DEBUG=1 adds stack traces on stderr.`;

/**
 * The whole command line. Help and version are written to `print`. Commander's own error texts are
 * dropped because `run` reports errors itself.
 */
export function buildProgram(
  context: Context,
  version: string,
  print: (text: string) => void,
): Command {
  const program = new Command('imat')
    .description(DESCRIPTION)
    .version(version, '-V, --version', 'show the version of imat')
    .option('--database-url <url>', 'the server to use, for example postgres://user@host/database')
    .option(
      '--embedded [dir]',
      'use the embedded PostgreSQL (PGlite) in this directory, or in memory; write it last, ' +
        'because it takes the next word',
    )
    .option('--json', 'print one JSON document on stdout, also for errors')
    .helpOption('-h, --help', 'show this help, or the help of a command')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: print, writeErr: () => undefined })
    .exitOverride();
  for (const register of REGISTRATIONS) register(program, context);
  program.addHelpText(
    'after',
    examples(['demo', 'explain my_sales_summary', 'convert my_sales_summary', 'verify']) + FOOTER,
  );
  return program;
}
