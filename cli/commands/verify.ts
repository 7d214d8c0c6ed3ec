import type { Command } from 'commander';
import type { VerifyResult } from '../../engine/api.ts';
import { shellWord } from '../../engine/errors/shell-word.ts';
import { nameOrAll } from '../arguments.ts';
import type { Context } from '../context.ts';
import { failureText } from '../error-output.ts';
import { EXIT, exitStatusOfWorst } from '../exit-status.ts';
import { examples } from '../help.ts';
import { counted, table, value } from '../output.ts';
import { indented } from '../render.ts';
import { onImat } from '../session.ts';

export function registerVerify(program: Command, context: Context): void {
  program
    .command('verify')
    .argument('[name]', 'an imat (default: all imats)')
    .summary('compare imats with their definitions')
    .description(
      'Compares imat.<name> with its definition, which PostgreSQL runs in the same snapshot, ' +
        'as multisets in both directions. If rows differ, the command prints a sample and ' +
        'exits with status 3. If an imat cannot be compared, the command continues with the ' +
        'others.',
    )
    .option('--all', 'all imats (the default)')
    .addHelpText('after', examples(['verify my_sales_summary', 'verify --all --json']))
    .action(
      async (name: string | undefined, options: { readonly all?: true }, command: Command) => {
        const names = nameOrAll(name, options, command);
        await onImat(context, command, async (imat) => {
          const { results } = await imat.verify(...names);
          const text =
            results.length === 0 ? 'No imats to verify.' : results.map(resultText).join('\n');
          return { document: { results }, text, status: statusOf(results) };
        });
      },
    );
}

/** A difference takes precedence over an imat that could not be compared. */
function statusOf(results: readonly VerifyResult[]): number {
  if (results.some((result) => result.differences > 0)) return EXIT.difference;
  return exitStatusOfWorst(results.flatMap(({ error }) => error?.category ?? []));
}

function resultText(result: VerifyResult): string {
  if (result.error !== null)
    return failureText(`${result.name}: could not be compared`, result.error);
  if (result.equal)
    return `${result.name}: equal to its definition (${counted(result.rows, 'row')})`;
  const rows = counted(result.differences, 'row');
  const head = `${result.name}: DIFFERENT from its definition in ${rows}`;
  const shown =
    result.sample.length === 0 ? head : `${head}, for example\n${indented(sampleTable(result))}`;
  return result.behind === null ? shown : `${shown}\n${behindText(result.name, result.behind)}`;
}

/** An imat with another freshness than live is behind by design, and that is no error in it. */
function behindText(name: string, behind: NonNullable<VerifyResult['behind']>): string {
  const command = behind.strategy === 'swap' ? 'swap' : 'fold';
  const word = shellWord(name);
  return (
    `  HINT:  Its freshness is ${behind.freshness}: it shows the rows of its last ${command}, ` +
    `and changes are pending. Run imat ${command} ${word}, then imat verify ${word}.`
  );
}

function sampleTable({ sample }: VerifyResult): string {
  const columns = Object.keys(sample[0]?.row ?? {});
  return table(
    [{ title: 'only in' }, ...columns.map((title) => ({ title }))],
    sample.map(({ side, row }) => [side, ...columns.map((column) => value(row[column]))]),
  );
}
