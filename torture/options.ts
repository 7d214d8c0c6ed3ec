/** What `npm run torture -- ...` takes. */
import { program } from 'commander';

export type Options = {
  readonly minutes: number;
  /** One run each. */
  readonly seeds: readonly number[];
  readonly replay: string | null;
  /** Null unless given. */
  readonly shrinkMinutes: number | null;
  readonly fault: string | null;
  readonly output: string | null;
};

type Flags = {
  readonly minutes: string;
  readonly seed: string;
  readonly shrink?: string;
  readonly replay?: string;
  readonly fault?: string;
  readonly output?: string;
};

/** Ends the process with usage or help if that is what was asked for. */
export function readOptions(argv: readonly string[]): Options {
  const flags = program
    .name('npm run torture --')
    .description('Random use of imat beside random deaths; every answer is compared.')
    .option('--minutes <n>', 'how long', '1')
    .option(
      '--seed <n,...>',
      'the schema, the definitions and the statements; of several seeds one after another',
      '1',
    )
    .option(
      '--shrink <minutes>',
      'how long a failure is shrunk (default: 5, or not at all if it is replayed)',
    )
    .option('--replay <file>', 'repeat the case in a file instead')
    .option('--fault <sql>', "SQL that is run behind imat's back, which must be found")
    .option('--output <file>', 'the outcome of each seed, in the form of results of vitest')
    .parse(argv, { from: 'user' })
    .opts<Flags>();
  const number = (text: string): number => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < 0) program.error(`not a number: ${text}`);
    return value;
  };
  return {
    minutes: number(flags.minutes),
    seeds: flags.seed.split(',').map(number),
    replay: flags.replay ?? null,
    fault: flags.fault ?? null,
    output: flags.output ?? null,
    shrinkMinutes: flags.shrink === undefined ? null : number(flags.shrink),
  };
}
