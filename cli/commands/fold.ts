import type { Command } from 'commander';
import type { FoldResult } from '../../engine/api.ts';
import { nameOrAll } from '../arguments.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { count, duration, table } from '../output.ts';
import { onImat } from '../session.ts';

export function registerFold(program: Command, context: Context): void {
  program
    .command('fold')
    .argument('[name]', 'an imat (default: all imats with the strategy delta)')
    .summary('move pending changes into the stored table')
    .description(
      'Moves pending changes from the change log into the stored table, so that reads have ' +
        'less to merge. With freshness live, a fold does not change the rows of imat.<name>. ' +
        'Any client can do the same with CALL imat.fold(name).',
    )
    .option('--all', 'all imats with the strategy delta (the default)')
    .addHelpText('after', examples(['fold my_sales_summary', 'fold --all']))
    .action(
      async (name: string | undefined, options: { readonly all?: true }, command: Command) => {
        const names = nameOrAll(name, options, command);
        await onImat(context, command, async (imat) => {
          const results = await imat.fold(...names);
          return { document: results, text: foldText(results) };
        });
      },
    );
}

function foldText(results: readonly FoldResult[]): string {
  if (results.length === 0) return 'No imats to fold.';
  const columns = [
    { title: 'name' },
    { title: 'folded rows', align: 'right' },
    { title: 'time', align: 'right' },
  ] as const;
  return table(
    columns,
    results.map((result) => [result.name, count(result.rows), duration(result.ms)]),
  );
}
