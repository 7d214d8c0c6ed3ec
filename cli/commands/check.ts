import type { Command } from 'commander';
import type { CheckOptions, CheckResult, CheckTarget, Reason } from '../../engine/api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { annotation } from '../annotations.ts';
import { choiceOption, isQuery, queryText } from '../arguments.ts';
import type { Context, Host } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import { examples } from '../help.ts';
import { rulesText } from '../maintenance.ts';
import { indented } from '../render.ts';
import { onImat } from '../session.ts';

type Required = NonNullable<CheckOptions['require']>;

export function registerCheck(program: Command, context: Context): void {
  program
    .command('check')
    .argument(
      '[name|@file.sql...]',
      'materialized views, imats, or files with one query or one CREATE VIEW statement each ' +
        '(default: all materialized views that you may read)',
    )
    .summary('check in CI that definitions can be maintained incrementally')
    .description(
      'Shows by which rule each definition would be maintained: "add" adds changes up, ' +
        '"regroup" computes the rows of touched keys again, "swap" computes all rows. If a ' +
        'definition needs more than is required, or a file has an error, the command exits with ' +
        'status 3; in GitHub Actions it also prints an annotation with the place in the file. ' +
        'It changes nothing and needs no catalog.',
    )
    .addOption(
      choiceOption(
        '--require <rule>',
        'the costliest rule that is allowed: add, or regroup (the default)',
        ['add', 'regroup'],
      ),
    )
    .addHelpText(
      'after',
      examples([
        'check',
        'check my_sales_summary --require add',
        "check $(printf '@%s ' views/*.sql)",
      ]),
    )
    .action(
      async (
        names: readonly string[],
        options: { readonly require?: Required },
        command: Command,
      ) => {
        const targets = await Promise.all(names.map((name) => targetOf(name, context.host)));
        const required = options.require ?? 'regroup';
        await onImat(context, command, async (imat) => {
          const { results } = await imat.check({
            ...(targets.length === 0 ? {} : { targets }),
            require: required,
          });
          return outcome(context, results, required);
        });
      },
    );
}

async function targetOf(argument: string, host: Host): Promise<CheckTarget> {
  if (argument.startsWith('@'))
    return { file: argument.slice(1), text: await queryText(argument, host) };
  if (!isQuery(argument)) return { name: argument };
  throw new ImatError('invalid_argument', {
    message: 'imat check takes names and files, and no query',
    hint: 'Write "@" and the path of a file with the query, or "@-" to read standard input.',
  });
}

function outcome(context: Context, results: readonly CheckResult[], required: Required) {
  const failed = results.filter(({ passed }) => !passed);
  const isOnGitHub = (context.host.environment['GITHUB_ACTIONS'] ?? '') !== '';
  const annotations = (isOnGitHub ? failed : []).map((result) =>
    annotation(result, whyNot(result, required)),
  );
  // Standard output has one document then; GitHub reads both streams.
  if (context.json) for (const line of annotations) context.host.stderr.write(`${line}\n`);
  const lines = results.map((result) => resultText(result, required));
  return {
    document: { require: required, passed: failed.length === 0, results },
    text:
      results.length === 0
        ? 'No materialized views in this database that you may read.'
        : [...lines, ...annotations].join('\n'),
    status: failed.length === 0 ? EXIT.done : EXIT.difference,
  };
}

function resultText(result: CheckResult, required: Required): string {
  const { name, passed, maintenance, place } = result;
  if (passed && maintenance !== null) return `ok      ${name}: ${rulesText(maintenance)}`;
  const where = place === null ? name : `${name}:${place.line}:${place.column}`;
  const hint = maintenance === null ? (result.error?.hint ?? null) : (first(result)?.hint ?? null);
  const head = `FAILED  ${where}: ${whyNot(result, required)}`;
  return hint === null ? head : `${head}\n${indented(`HINT:  ${hint}`)}`;
}

/** The reason with a place, as that is what the place shows. */
const first = ({ reasons }: CheckResult): Reason | null =>
  reasons.find(({ position }) => position !== null) ?? reasons[0] ?? null;

function whyNot(result: CheckResult, required: Required): string {
  const { maintenance, error } = result;
  if (maintenance === null) return error?.message ?? 'it could not be checked';
  const head = `it needs ${rulesText(maintenance)}, and ${required} is required`;
  const reason = first(result);
  return reason === null ? head : `${head}: ${reason.message}`;
}
