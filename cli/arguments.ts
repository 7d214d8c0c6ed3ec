/** Reads option and argument values. Its errors say which values are valid. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { DURATION_HINT, durationText, parseDuration } from '../engine/durations.ts';
import { ImatError } from '../engine/errors/imat-error.ts';
import { nearWord } from '../engine/errors/near-words.ts';
import { shellWord } from '../engine/errors/shell-word.ts';
import type { Host } from './context.ts';

/**
 * An option that takes one of a few words. Commander's own check does not suggest the word that
 * the user probably meant.
 */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
): Option {
  return new Option(flags, description).choices(choices).argParser((given: string) => {
    if (choices.includes(given)) return given;
    const near = nearWord(given, choices);
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a valid value for ${flags.split(' ')[0] ?? flags}`,
      detail: `Valid values are ${choices.join(', ')}.`,
      hint: near === undefined ? undefined : `Did you mean "${near}"?`,
    });
  });
}

/** `--set NAME=VALUE`, which can be given several times. */
export function settingsOption(): Option {
  return new Option(
    '--set <name=value>',
    'a setting such as TimeZone=Europe/Berlin under which the definition is computed, ' +
      'whoever reads it; those of this session unless given (repeatable)',
  ).argParser((given: string, before: Readonly<Record<string, string>> | undefined) => {
    const at = given.indexOf('=');
    if (at > 0) return { ...before, [given.slice(0, at).trim()]: given.slice(at + 1).trim() };
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a setting with its value`,
      hint: 'Write it like --set TimeZone=Europe/Berlin.',
    });
  });
}

/** A whole number between two bounds, digits only. */
export function wholeNumber(flag: string, least: number, most: number): (given: string) => number {
  return (given) => {
    const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a valid value for ${flag}`,
      detail: `The value must be a whole number from ${least} to ${most}, digits only.`,
    });
  };
}

/** A duration such as `500ms`, `5s`, `10min`, `1h` or `7d`, in milliseconds. */
export function durationMs(
  flag: string,
  leastMs: number,
  mostMs: number,
): (given: string) => number {
  return (given) => {
    const ms = parseDuration(given);
    if (ms !== null && ms >= leastMs && ms <= mostMs) return ms;
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a valid value for ${flag}`,
      detail:
        `The value must be a duration from ${durationText(leastMs)} to ` +
        `${durationText(mostMs)}.`,
      hint: DURATION_HINT,
    });
  };
}

/** White space, comments and parentheses, and a word with which a query begins. */
const BEFORE = String.raw`(?:[\s(]|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*`;
const QUERY = new RegExp(`^${BEFORE}(?:select|with|values|table)(?:[\\s(*"'+-]|/\\*)`, 'i');

/** Whether an argument is a query, or stands for one; otherwise it names a relation. */
export const isQuery = (argument: string): boolean =>
  argument.startsWith('@') || QUERY.test(argument);

/** The SQL that an argument stands for: itself, the file after `@`, or standard input for `@-`. */
export async function queryText(argument: string, host: Host): Promise<string> {
  const text = argument.startsWith('@') ? await fileText(argument.slice(1), host) : argument;
  if (text.trim() !== '') return text;
  throw new ImatError('invalid_argument', {
    message: argument.startsWith('@')
      ? `${argument === '@-' ? 'standard input' : `"${argument.slice(1)}"`} contains no query`
      : 'the query is empty',
    hint: 'Write a SELECT as you would after CREATE MATERIALIZED VIEW ... AS.',
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
      hint: 'Write the path of a file with one query after "@", or "@-" to read standard input.',
      cause: error,
    });
  }
}

/**
 * Editors on Windows write a byte order mark. PostgreSQL would report a syntax error at this
 * invisible character.
 */
function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'The file does not exist.',
  EISDIR: 'It is a directory.',
  EACCES: 'This user is not allowed to read it.',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? `${error.message}.` : String(error));
}

/**
 * `imat fold` and `imat verify` take a name or `--all`; neither means all imats, and both together
 * are refused.
 */
export function nameOrAll(
  name: string | undefined,
  options: { readonly all?: true },
  command: Command,
): [name?: string] {
  if (name !== undefined && options.all === true) {
    throw new ImatError('invalid_argument', {
      message: 'a name and --all cannot be used together',
      hint:
        `Use "imat ${command.name()}" for all imats, or ` +
        `"imat ${command.name()} ${shellWord(name)}" for one.`,
    });
  }
  return name === undefined ? [] : [name];
}
