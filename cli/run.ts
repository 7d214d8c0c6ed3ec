import { type Command, CommanderError } from 'commander';
import type { Context, Host } from './context.ts';
import { errorDocument, errorText, stackText } from './error-output.ts';
import { EXIT, exitStatusOf, exitStatusOfSignal } from './exit-status.ts';
import { Interrupt } from './interrupt.ts';
import { json } from './output.ts';
import { buildProgram } from './program.ts';
import { commandWithoutOwn, noCommandError, usageError } from './usage-error.ts';

/** Runs one command line, without the program's name, and returns its exit status. Never throws. */
export async function run(argv: readonly string[], host: Host, version: string): Promise<number> {
  const warn = (text: string): void => host.stderr.write(text);
  const interrupt = new Interrupt({ signals: host.signals, exit: host.exit, warn });
  const context: Context = {
    host,
    json: wantsJson(argv),
    interrupt,
    version,
    outcomeStatus: EXIT.done,
  };
  const printed: string[] = [];
  const program = buildProgram(context, version, (text) => printed.push(text));
  try {
    const words = withSubcommandHelp(program, argv);
    await Promise.race([program.parseAsync(words, { from: 'user' }), interrupt.unattended]);
    return context.outcomeStatus;
  } catch (error) {
    if (error instanceof CommanderError)
      return commanderStatus(error, program, argv, context, { version, text: printed.join('') });
    return fail(error, context);
  } finally {
    interrupt.dispose();
  }
}

/** `imat help group create` is `imat group create --help`: commander reads one word after help. */
function withSubcommandHelp(program: Command, argv: readonly string[]): readonly string[] {
  const [help, group, name, ...rest] = argv;
  const found = program.commands
    .find((command) => command.name() === group)
    ?.commands.find((command) => command.name() === name);
  if (help !== 'help' || group === undefined || found === undefined) return argv;
  return [group, found.name(), '--help', ...rest];
}

/**
 * Read from the arguments themselves, because an error in a command line that commander refuses is
 * printed as JSON too.
 */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

type Printed = { readonly version: string; readonly text: string };

/** Commander ends by throwing, for `--help` and `--version` as well as for errors. */
function commanderStatus(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
  context: Context,
  printed: Printed,
): number {
  const { host } = context;
  switch (error.code) {
    case 'commander.version':
      host.stdout.write(context.json ? json({ version: printed.version }) : printed.text);
      return EXIT.done;
    case 'commander.helpDisplayed':
      host.stdout.write(context.json ? json({ help: printed.text }) : printed.text);
      return EXIT.done;
    case 'commander.help':
      if (error.exitCode === 0) {
        host.stdout.write(context.json ? json({ help: printed.text }) : printed.text);
        return EXIT.done;
      }
      if (!context.json)
        host.stderr.write(`${(commandWithoutOwn(program, argv) ?? program).helpInformation()}\n`);
      return fail(noCommandError(program, argv), context);
    default:
      return fail(usageError(error, program, argv), context);
  }
}

function fail(error: unknown, { host, json: asJson, interrupt }: Context): number {
  if (asJson) host.stdout.write(json(errorDocument(error)));
  else host.stderr.write(errorText(error));
  if ((host.environment['IMAT_DEBUG'] ?? '') !== '') host.stderr.write(stackText(error));
  return interrupt.signal === null ? exitStatusOf(error) : exitStatusOfSignal(interrupt.signal);
}
