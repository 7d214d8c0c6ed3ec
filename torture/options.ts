/** What `npm run torture -- ...` takes. */
import { program } from 'commander';

export type Options = {
  readonly minutes: number;
  readonly seed: number;
  readonly replay: string | null;
  /** Null unless given. */
  readonly shrinkMinutes: number | null;
};

type Flags = {
  readonly minutes: string;
  readonly seed: string;
  readonly shrink?: string;
  readonly replay?: string;
};

/** Ends the process with usage or help if that is what was asked for. */
export function readOptions(argv: readonly string[]): Options {
  const flags = program
    .name('npm run torture --')
    .description('Random use of imat beside random deaths; every answer is compared.')
    .option('--minutes <n>', 'how long', '1')
    .option('--seed <n>', 'the schema, the definitions and the statements', '1')
    .option(
      '--shrink <minutes>',
      'how long a failure is shrunk (default: 5, or not at all if it is replayed)',
    )
    .option('--replay <file>', 'repeat the case in a file instead')
    .parse(argv, { from: 'user' })
    .opts<Flags>();
  const number = (text: string): number => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < 0) program.error(`not a number: ${text}`);
    return value;
  };
  return {
    minutes: number(flags.minutes),
    seed: number(flags.seed),
    replay: flags.replay ?? null,
    shrinkMinutes: flags.shrink === undefined ? null : number(flags.shrink),
  };
}
