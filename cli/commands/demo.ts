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
    .summary('see it work, with nothing to prepare')
    .description(
      'Shows the main job from beginning to end: makes a sales database and a materialized view over it, converts it, writes to it and ' +
        'compares imat.<name> with the definition after every write, folds, and prints what each took. It uses an embedded database in ' +
        'memory; with --database-url it plays on that server, in a schema of its own that it removes. The environment is not looked at.',
    )
    .option('--rows <n>', 'how many sales', wholeNumber('--rows', 1, MOST_ROWS), DEFAULT_ROWS)
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
      // Only this command needs it; the others start faster without.
      const { demo } = await import('../demo/demo.ts');
      await demo(context, target, options.rows);
    });
}
