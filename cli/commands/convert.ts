import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { addConversionOptions, type ConversionOptions } from '../conversion-options.ts';
import { convertText } from '../render.ts';
import { onImat } from '../session.ts';

type Options = ConversionOptions & { readonly name?: string; readonly replace?: true };

export function registerConvert(program: Command, context: Context): void {
  const command = program
    .command('convert')
    .argument(
      '<view>',
      'the materialized view, with its schema where the search path does not have it',
    )
    .summary('make imat.<name> from a materialized view')
    .description(
      'Makes imat.<name> from a materialized view and keeps it up to date from then on. Writers are not held up while it is loaded, ' +
        'and the materialized view itself stays as it is, unless --replace puts an ordinary view over imat.<name> in its place. ' +
        'A definition that cannot be maintained incrementally is rebuilt into a second table, which then replaces the first (strategy swap); the reasons are shown.',
    );
  addConversionOptions(command)
    .option('--name <name>', 'another name than that of the view')
    .option(
      '--replace',
      'put a view of the same name, with its grants and comment, in the place of the materialized view',
    )
    .addHelpText(
      'after',
      examples([
        'convert my_sales_summary',
        'convert reporting.my_sales_summary --freshness 5s --dry-run',
        'convert my_sales_summary --replace --json',
      ]),
    )
    .action(async (view: string, _options: object, command: Command) => {
      await onImat(context, command, async (imat, onProgress) => {
        const result = await imat.convert(view, { ...command.opts<Options>(), onProgress });
        return { document: result, text: convertText(result) };
      });
    });
}
