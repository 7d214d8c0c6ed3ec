import type { Command } from 'commander';
import type { FoldResult } from '../../engine/api.ts';
import { nameOrAll } from '../arguments.ts';
import type { Context } from '../context.ts';
import { failureText } from '../error-output.ts';
import { exitStatusOfWorst } from '../exit-status.ts';
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
        'Any client can do the same with CALL imat.fold(name). If an imat cannot be folded, the ' +
        'command continues with the others.',
    )
    .option('--all', 'all imats with the strategy delta (the default)')
    .addHelpText('after', examples(['fold my_sales_summary', 'fold --all']))
    .action(
      async (name: string | undefined, options: { readonly all?: true }, command: Command) => {
        const names = nameOrAll(name, options, command);
        await onImat(context, command, async (imat) => {
          const results = await imat.fold(...names);
          return { document: results, text: foldText(results), status: statusOf(results) };
        });
      },
    );
}

const statusOf = (results: readonly FoldResult[]): number =>
  exitStatusOfWorst(results.flatMap(({ error }) => error?.category ?? []));

function foldText(results: readonly FoldResult[]): string {
  if (results.length === 0) return 'No imats to fold.';
  const columns = [
    { title: 'name' },
    { title: 'folded rows', align: 'right' },
    { title: 'time', align: 'right' },
  ] as const;
  const folded = results.filter(({ error }) => error === null);
  const rows = folded.map((result) => [result.name, count(result.rows), duration(result.ms)]);
  const failed = results.flatMap(({ name, error }) =>
    error === null ? [] : [failureText(`${name}: not folded`, error)],
  );
  return [...(folded.length === 0 ? [] : [table(columns, rows)]), ...failed].join('\n');
}
