import type { Command, CommanderError } from 'commander';
import { ImatError } from '../engine/errors/imat-error.ts';

/**
 * Turns commander's error into one of imat's. Its text looks like `error: unknown command
 * 'convret'\n(Did you mean convert?)`; message and suggestion are taken from it.
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

/** `imat extension` without a subcommand: a command that only groups others. */
export function commandWithoutOwn(program: Command, argv: readonly string[]): Command | undefined {
  const { embedded } = program.opts<{ embedded?: string | true }>();
  return program.commands.find(
    (command) =>
      command.commands.length > 0 && argv.includes(command.name()) && embedded !== command.name(),
  );
}

/**
 * The error for `imat`, `imat extension` and `imat help nosuch`: commander prints the help for them
 * and gives no text.
 */
export function noCommandError(program: Command, argv: readonly string[]): ImatError {
  const asked = argv[0] === 'help' ? argv[1] : undefined;
  const group = commandWithoutOwn(program, argv);
  if (asked === undefined && group !== undefined) {
    const commands = group.commands.map((command) => `imat ${group.name()} ${command.name()}`);
    return new ImatError('invalid_argument', {
      message: `"imat ${group.name()}" needs a subcommand`,
      hint: `Use one of: ${commands.join(', ')}.`,
    });
  }
  return new ImatError('invalid_argument', {
    message: asked === undefined ? 'no command given' : `unknown command "${asked}"`,
    hint:
      swallowedByEmbedded({ code: 'commander.missingArgument' }, program) ??
      'Run imat --help for a list of commands.',
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
 * `--embedded [dir]` takes the next word. In `imat convert --embedded my_view` the user meant the
 * view.
 */
function swallowedByEmbedded(error: Pick<CommanderError, 'code'>, program: Command): string | null {
  const { embedded } = program.opts<{ embedded?: string | true }>();
  if (error.code !== 'commander.missingArgument' || typeof embedded !== 'string') return null;
  return (
    `--embedded took "${embedded}" as its directory: write --embedded last, or ` +
    '--embedded=<dir>.'
  );
}

function whereToLook(program: Command, argv: readonly string[]): string {
  const command = firstNamed(program, argv);
  if (command === undefined) return 'Run imat --help for a list of commands.';
  const own = firstNamed(command, argv.slice(argv.indexOf(command.name()) + 1));
  return own === undefined
    ? `Run imat help ${command.name()} for its arguments and options.`
    : `Run imat ${command.name()} ${own.name()} --help for its arguments and options.`;
}

/** The first word that is a command. */
const firstNamed = (of: Command, argv: readonly string[]): Command | undefined =>
  argv
    .map((word) => of.commands.find((candidate) => candidate.name() === word))
    .find((command) => command !== undefined);
