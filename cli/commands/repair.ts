import type { Command } from 'commander';
import type { RepairResult } from '../../engine/api.ts';
import { nameOrAll } from '../arguments.ts';
import type { Context } from '../context.ts';
import { failureText } from '../error-output.ts';
import { exitStatusOfWorst } from '../exit-status.ts';
import { examples } from '../help.ts';
import { duration, table } from '../output.ts';
import { onImat } from '../session.ts';

export function registerRepair(program: Command, context: Context): void {
  program
    .command('repair')
    .argument('[name]', 'an imat, broken or not (default: all imats that are broken)')
    .summary('build broken imats anew')
    .description(
      'Builds an imat anew from its definition, beside what is left of it, and puts it in its ' +
        'place: after a restore, after an object was dropped with CASCADE, while capture was ' +
        'disabled, or after an interrupted convert. imat.<name> keeps its OID, its grants and ' +
        'the views that depend on it. Writers are not blocked.',
    )
    .option('--all', 'all imats that are broken (the default)')
    .addHelpText('after', examples(['repair', 'repair my_sales_summary --json']))
    .action(
      async (name: string | undefined, options: { readonly all?: true }, command: Command) => {
        const [only] = nameOrAll(name, options, command);
        await onImat(context, command, async (imat, onProgress) => {
          const results = await imat.repair(only, { onProgress });
          const status = exitStatusOfWorst(results.flatMap(({ error }) => error?.category ?? []));
          return { document: results, text: repairText(results), status };
        });
      },
    );
}

function repairText(results: readonly RepairResult[]): string {
  if (results.length === 0) return 'No imat is broken.';
  const repaired = results.filter(({ error }) => error === null);
  const rows = repaired.map(({ name, strategy, ms }) => [name, strategy ?? '', duration(ms)]);
  const failed = results.flatMap(({ name, error }) =>
    error === null ? [] : [failureText(`${name}: not repaired`, error)],
  );
  return [...(rows.length === 0 ? [] : [table(COLUMNS, rows)]), ...failed].join('\n');
}

const COLUMNS = [
  { title: 'repaired' },
  { title: 'strategy' },
  { title: 'time', align: 'right' },
] as const;
