import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { type TargetOptions, targetOfOptions } from '../target.ts';

const DEFAULT_ROWS = 200_000;
const MOST_ROWS = 100_000_000;

export function registerDemo(program: Command, context: Context): void {
  program
    .command('demo')
    .summary('show imat at work; nothing to prepare')
    .description(
      'Creates a sales database with a materialized view, converts the view, writes to the ' +
        'database, compares imat.<name> with the definition after every write, folds, and ' +
        'prints the time of each step. It uses an embedded database in memory. With ' +
        '--database-url it runs on that server, in its own schema, which it removes at the ' +
        'end. It ignores DATABASE_URL and the PG* variables.',
    )
    .option('--rows <n>', 'number of sales', wholeNumber('--rows', 1, MOST_ROWS), DEFAULT_ROWS)
    .addHelpText(
      'after',
      examples([
        'demo',
        'demo --rows 1000000',
        'demo --database-url postgres://user@host/database',
      ]),
    )
    .action(async (options: { readonly rows: number }, command: Command) => {
      const target = targetOfOptions(command.optsWithGlobals<TargetOptions>()) ?? {
        kind: 'embedded',
        directory: null,
      };
      // Imported here because only this command needs it, and the others start faster.
      const { demo } = await import('../demo/demo.ts');
      await demo(context, target, options.rows);
    });
}
