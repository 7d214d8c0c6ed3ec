/** What `npm run bench -- ...` takes. */
import { type Command, InvalidArgumentError, Option, program } from 'commander';
import type { Measure } from './measure.ts';
import { FULL, QUICK, type Scale } from './scale.ts';

export type Options = {
  readonly measures: readonly Measure[];
  readonly scale: Scale;
  readonly databaseUrl: string | null;
  readonly format: 'text' | 'json' | 'markdown';
};

type Flags = {
  readonly quick?: true;
  readonly json?: true;
  readonly markdown?: true;
  readonly databaseUrl?: string;
  readonly rows?: number;
  readonly groups?: number;
  readonly rounds?: number;
  readonly seconds?: number;
};

/** Ends the process with usage or help where that is what was asked for. */
export function readOptions(
  argv: readonly string[],
  measures: readonly Measure[],
  command: Command = program,
): Options {
  command
    .name('npm run bench --')
    .description(
      'Measures what imat costs and saves, against the same table without a ' +
        'view. A missed bar is a finding, not a failure.',
    )
    .argument(
      '[measures...]',
      `which: ${measures.map(({ name }) => name).join(', ')} (default: all)`,
      (name: string, chosen: Measure[] | undefined) => {
        const found = measures.find((measure) => measure.name === name);
        if (found === undefined)
          throw new InvalidArgumentError(
            `There is no such measure; there are ${measures.map((one) => one.name).join(', ')}.`,
          );
        return [...(chosen ?? []), found];
      },
    )
    .option('--quick', 'small and short: to see that everything runs')
    .option(
      '--database-url <url>',
      'a PostgreSQL server to use, by a role that may create ' +
        'databases (default: starts one of its own)',
    )
    .option('--rows <n>', 'rows of the table', positive)
    .option('--groups <n>', 'groups of the summary', positive)
    .option('--rounds <n>', 'runs of each contender', positive)
    .option('--seconds <n>', 'length of one run of a load', positive)
    .option('--json', 'one JSON document on stdout')
    .addOption(
      new Option('--markdown', 'a table in Markdown, for docs/benchmarks.md').conflicts('json'),
    );
  command.parse([...argv], { from: 'user' });
  const flags = command.opts<Flags>();
  const chosen = command.processedArgs[0] as readonly Measure[] | undefined;
  return {
    measures: measures.filter(
      (measure) => chosen === undefined || chosen.length === 0 || chosen.includes(measure),
    ),
    scale: scaleOf(flags),
    databaseUrl: flags.databaseUrl ?? null,
    format: flags.json === true ? 'json' : flags.markdown === true ? 'markdown' : 'text',
  };
}

function scaleOf({ quick, rows, groups, rounds, seconds }: Flags): Scale {
  const scale = quick === true ? QUICK : FULL;
  return {
    ...scale,
    ...(rows === undefined
      ? {}
      : { rows, bulkRows: Math.min(scale.bulkRows, rows), loadedRows: 10 * rows }),
    ...(groups === undefined ? {} : { groups }),
    ...(rounds === undefined ? {} : { rounds }),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
