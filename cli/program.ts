import { Command } from 'commander';
import { registerConvert } from './commands/convert.ts';
import { registerCreate } from './commands/create.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerExplain } from './commands/explain.ts';
import { registerExtension } from './commands/extension.ts';
import { registerFold } from './commands/fold.ts';
import { registerGroup } from './commands/group.ts';
import { registerInit } from './commands/init.ts';
import { registerList } from './commands/list.ts';
import { registerMark } from './commands/mark.ts';
import { registerRevert } from './commands/revert.ts';
import { registerStatus } from './commands/status.ts';
import { registerSchedule } from './commands/schedule.ts';
import { registerStats } from './commands/stats.ts';
import { registerSwap } from './commands/swap.ts';
import { registerVerify } from './commands/verify.ts';
import { registerWorker } from './commands/worker.ts';
import type { Context } from './context.ts';
import { examples } from './help.ts';

/** In the order in which someone new to imat needs them; the help shows them so. */
const REGISTRATIONS = [
  registerDemo,
  registerDoctor,
  registerInit,
  registerExplain,
  registerConvert,
  registerCreate,
  registerList,
  registerStatus,
  registerVerify,
  registerFold,
  registerSwap,
  registerWorker,
  registerSchedule,
  registerRevert,
  registerGroup,
  registerMark,
  registerStats,
  registerExtension,
];

const DESCRIPTION =
  'Turns a PostgreSQL materialized view into an incrementally maintained table: imat.<name> gives what the view would give ' +
  'if it were refreshed that very moment, costs readers little, and never makes a writer wait.';

const FOOTER = `
The database is the one of --database-url or --embedded, else of DATABASE_URL, else of PGHOST, PGPORT, PGDATABASE, PGUSER and
PGPASSWORD. Global options may stand before or after the command.

Exit status: 0 done, 1 a bug in imat, 2 the request cannot be carried out as it is, 3 verify found a difference,
4 no connection or contention (try again), 130 interrupted by Ctrl-C (143 by SIGTERM). Errors go to stderr; with --json they are
the one document on stdout. IMAT_DEBUG=1 adds stack traces on stderr.`;

/**
 * The whole command line. Help and version are written to `print`, complaints nowhere: `run`
 * reports them itself.
 */
export function buildProgram(
  context: Context,
  version: string,
  print: (text: string) => void,
): Command {
  const program = new Command('imat')
    .description(DESCRIPTION)
    .version(version, '-V, --version', 'show the version of imat')
    .option('--database-url <url>', 'server to use, e.g. postgres://user@host/database')
    .option(
      '--embedded [dir]',
      'use the embedded PostgreSQL (PGlite) in this directory, or in memory; takes the next word, so write it last',
    )
    .option('--json', 'print one JSON document on stdout, errors included')
    .helpOption('-h, --help', 'show this help, or that of a command')
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
