import type { Command, CommanderError } from 'commander';
import { ImatError } from '../engine/errors/imat-error.ts';

/**
 * Commander's complaint as an error of imat's own. Its texts look like `error: unknown command
 * 'convret'\n(Did you mean convert?)`, so they are taken apart rather than guessed anew.
 */
export function usageError(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): ImatError {
  const [complaint = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const [message = '', detail] = complaint.replace(/'([^']*)'/g, '"$1"').split(/\. (.*)/s);
  const hints = [
    didYouMean(suggestion),
    swallowedByEmbedded(error, program),
    whereToLook(program, argv),
  ];
  return new ImatError('invalid_argument', {
    message: message.replace(/\.$/, ''),
    detail,
    hint: hints.find((hint) => hint !== null) ?? undefined,
  });
}

/** `imat extension` alone: a command whose own commands do the work. */
export function commandWithoutOwn(program: Command, argv: readonly string[]): Command | undefined {
  const { embedded } = program.opts<{ embedded?: string | true }>();
  return program.commands.find(
    (command) =>
      command.commands.length > 0 && argv.includes(command.name()) && embedded !== command.name(),
  );
}

/**
 * `imat`, `imat extension` and `imat help nosuch`, where commander gives no text but prints the
 * help.
 */
export function noCommandError(program: Command, argv: readonly string[]): ImatError {
  const asked = argv[0] === 'help' ? argv[1] : undefined;
  const group = commandWithoutOwn(program, argv);
  if (asked === undefined && group !== undefined) {
    return new ImatError('invalid_argument', {
      message: `"${group.name()}" needs a command of its own`,
      hint: `It is one of: ${group.commands.map((command) => `imat ${group.name()} ${command.name()}`).join(', ')}.`,
    });
  }
  return new ImatError('invalid_argument', {
    message: asked === undefined ? 'no command given' : `unknown command "${asked}"`,
    hint:
      swallowedByEmbedded({ code: 'commander.missingArgument' }, program) ??
      '"imat --help" lists the commands.',
  });
}

function didYouMean(suggestion: string | undefined): string | null {
  const words = /Did you mean (?:one of )?(.*)\?\)/.exec(suggestion ?? '')?.[1];
  if (words === undefined) return null;
  return `Did you mean ${words
    .split(', ')
    .map((word) => `"${word}"`)
    .join(' or ')}?`;
}

/**
 * `--embedded [dir]` takes the next word: in `imat convert --embedded my_view` that was meant as
 * the view.
 */
function swallowedByEmbedded(error: Pick<CommanderError, 'code'>, program: Command): string | null {
  const { embedded } = program.opts<{ embedded?: string | true }>();
  if (error.code !== 'commander.missingArgument' || typeof embedded !== 'string') return null;
  return `--embedded took "${embedded}" as its directory: write --embedded last, or --embedded=<dir>.`;
}

function whereToLook(program: Command, argv: readonly string[]): string {
  const command = firstNamed(program, argv);
  if (command === undefined) return '"imat --help" lists the commands.';
  const own = firstNamed(command, argv.slice(argv.indexOf(command.name()) + 1));
  return own === undefined
    ? `"imat help ${command.name()}" shows what it takes.`
    : `"imat ${command.name()} ${own.name()} --help" shows what it takes.`;
}

/** The first word that is a command. */
const firstNamed = (of: Command, argv: readonly string[]): Command | undefined =>
  argv
    .map((word) => of.commands.find((candidate) => candidate.name() === word))
    .find((command) => command !== undefined);
