import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { addConversionOptions, type ConversionOptions, settingsOf } from '../conversion-options.ts';
import { convertText } from '../render.ts';
import { onImat } from '../session.ts';

type Options = ConversionOptions & { readonly name?: string; readonly replace?: true };

export function registerConvert(program: Command, context: Context): void {
  const command = program
    .command('convert')
    .argument('<view>', 'the materialized view, with its schema if that is not in the search path')
    .summary('create imat.<name> from a materialized view')
    .description(
      'Creates imat.<name> from a materialized view and keeps it up to date from then on. ' +
        'Writers are not blocked while it is loaded. The materialized view stays as it is, ' +
        'unless --replace puts an ordinary view over imat.<name> in its place. A definition ' +
        'that cannot be maintained incrementally is rebuilt into a second table, which then ' +
        'replaces the first (strategy swap); the command shows the reasons.',
    );
  addConversionOptions(command)
    .option('--name <name>', 'the name of the imat, if not that of the view')
    .option(
      '--replace',
      'put an ordinary view in the place of the materialized view, with its name, grants and ' +
        'comment',
    )
    .addHelpText(
      'after',
      examples([
        'convert my_sales_summary',
        'convert reporting.my_sales_summary --freshness 5s --dry-run',
        'convert my_sales_summary --replace --json',
        'convert sales_by_day --set TimeZone=Europe/Berlin',
      ]),
    )
    .action(async (view: string, _options: object, command: Command) => {
      await onImat(context, command, async (imat, onProgress) => {
        const options = settingsOf(command.opts<Options>());
        const result = await imat.convert(view, { ...options, onProgress });
        return { document: result, text: convertText(result) };
      });
    });
}
