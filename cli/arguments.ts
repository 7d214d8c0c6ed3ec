/** Reading of option and argument values, with errors that say what would have been right. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { ImatError } from '../engine/errors/imat-error.ts';
import type { Host } from './context.ts';

/**
 * An option that takes one of a few words. Commander's own check does not say which word was
 * probably meant.
 */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
): Option {
  return new Option(flags, description).choices(choices).argParser((given: string) => {
    if (choices.includes(given)) return given;
    const near = choices.find((choice) => isNear(given, choice));
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a value of ${flags.split(' ')[0] ?? flags}`,
      detail: `It is one of ${choices.join(', ')}.`,
      hint: near === undefined ? undefined : `Did you mean "${near}"?`,
    });
  });
}

/** A whole number between two bounds, digits only. */
export function wholeNumber(flag: string, least: number, most: number): (given: string) => number {
  return (given) => {
    const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a value of ${flag}`,
      detail: `It is a whole number from ${least} to ${most}, written with digits only.`,
    });
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration such as `500ms`, `5s`, `10min`, `1h` or `7d`, in milliseconds. */
export function durationMs(
  flag: string,
  leastMs: number,
  mostMs: number,
): (given: string) => number {
  return (given) => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)$/.exec(given) ?? [];
    const ms = digits === '' ? Number.NaN : Number(digits) * (UNITS[unit] ?? Number.NaN);
    if (ms >= leastMs && ms <= mostMs) return ms;
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a value of ${flag}`,
      detail: `It is a duration from ${durationText(leastMs)} to ${durationText(mostMs)}.`,
      hint: 'Write a number and a unit: 500ms, 5s, 10min, 1h or 7d.',
    });
  };
}

/** The same the other way round, in the largest unit that needs no fraction. */
export function durationText(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(
    ([, each]) => ms % each === 0 && ms >= each,
  ) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/** The SQL that an argument stands for: itself, the file after `@`, or standard input for `@-`. */
export async function queryText(argument: string, host: Host): Promise<string> {
  const text = argument.startsWith('@') ? await fileText(argument.slice(1), host) : argument;
  if (text.trim() !== '') return text;
  throw new ImatError('invalid_argument', {
    message: argument.startsWith('@')
      ? `there is no query in "${argument.slice(1)}"`
      : 'the query is empty',
    hint: 'A query is a SELECT as it would stand after CREATE MATERIALIZED VIEW ... AS.',
  });
}

async function fileText(path: string, host: Host): Promise<string> {
  if (path === '-') return await host.stdin();
  try {
    return withoutByteOrderMark(await readFile(path, 'utf8'));
  } catch (error) {
    throw new ImatError('invalid_argument', {
      message: `could not read the file "${path}"`,
      detail: reasonOf(error),
      hint: 'After "@" comes the path of a file with one query; "@-" reads standard input.',
      cause: error,
    });
  }
}

/**
 * Editors on Windows write one; PostgreSQL would call it a syntax error at a character that nobody
 * sees.
 */
function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EISDIR: 'It is a directory.',
  EACCES: 'It may not be read by this user.',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? `${error.message}.` : String(error));
}

/**
 * `imat fold` and `imat verify` take a name, `--all`, or nothing, which means all; a name and
 * `--all` contradict each other.
 */
export function nameOrAll(
  name: string | undefined,
  options: { readonly all?: true },
  command: Command,
): [name?: string] {
  if (name !== undefined && options.all === true) {
    throw new ImatError('invalid_argument', {
      message: 'a name and --all cannot be used together',
      hint: `"imat ${command.name()}" takes all imats, "imat ${command.name()} ${name}" only that one.`,
    });
  }
  return name === undefined ? [] : [name];
}

/**
 * One edit apart, or two in a longer word: insertions, deletions, replacements and neighbours
 * swapped.
 */
function isNear(given: string, word: string): boolean {
  const allowed = word.length > 4 ? 2 : 1;
  return editDistance(given.toLowerCase(), word) <= allowed;
}

/** Optimal string alignment distance (Damerau 1964): the usual typos count as one. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? at(beforeLast, j - 2) + 1
          : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
