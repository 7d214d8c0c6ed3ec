import type { Command } from 'commander';
import type { ExtensionPreload, ExtensionResult } from '../../engine/api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import { examples } from '../help.ts';
import { fields } from '../output.ts';
import { indented } from '../render.ts';
import { onImat } from '../session.ts';

type Options = { readonly schema?: string; readonly pgConfig?: string };

const NAME = 'table_change_tracker';
const EXAMPLES = examples([
  'extension install --database-url postgres://postgres@localhost/shop',
  'extension install --schema tracking --json',
  'extension install --pg-config /opt/postgresql/bin/pg_config',
]);

export function registerExtension(program: Command, context: Context): void {
  const extension = program
    .command('extension')
    .summary('install the C extension, which makes capture cheaper')
    .description(
      `The extension ${NAME} captures changes in C in place of PL/pgSQL and says at once ` +
        'which tables have changed. imat uses it where it finds it, and ' +
        'does everything without it: a managed PostgreSQL does not take it.',
    )
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  extension
    .command('install')
    .summary('install it in this database, and on its server where need be')
    .description(
      'Creates the extension in this database, as a superuser. Where the server does not ' +
        'have its files, runs on this machine and has its headers installed, it builds them ' +
        'from the sources that come with imat and installs them; where it may not write ' +
        'there, it prints the commands and ends with status 2. The headers must not be newer ' +
        'than the running server: restart it first if it has been upgraded. What the server ' +
        'cannot load is removed, before anything is created. It names what postgresql.conf ' +
        'lacks and never changes it. Sources that are captured from then on use the ' +
        'extension; others do when their imats have been reverted and converted again.',
    )
    .option('--schema <schema>', 'the schema for its functions (public, unless given)')
    .option('--pg-config <path>', "the server's pg_config, where it is not found by itself")
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      await onImat(context, command, async (imat, onProgress) => {
        const result = await imat.installExtension({ ...command.opts<Options>(), onProgress });
        return {
          document: result,
          text: resultText(result),
          status: result.outcome === 'manual' ? EXIT.user : EXIT.done,
        };
      });
    });
}

function resultText(result: ExtensionResult): string {
  return [
    headText(result),
    ...(result.outcome === 'manual' ? [] : [activeText(result)]),
    preloadText(result.preload),
  ].join('\n\n');
}

function headText({ outcome, built, version, schema, commands }: ExtensionResult): string {
  const what = `${NAME} ${version ?? ''}`;
  switch (outcome) {
    case 'present':
      return `${what} is installed in this database already, in schema ${schema ?? ''}.`;
    case 'created':
      return (
        `${what} ${built ? 'was built, and ' : ''}is now installed in this database, in schema ` +
        `${schema ?? ''}.`
      );
    case 'manual':
      return (
        "Nothing was changed: this user may not write into the server's directories. Run these " +
        `commands, then this one again:\n\n${indented(commands.join('\n'))}`
      );
  }
}

function activeText({ captures, tracks, schema }: ExtensionResult): string {
  const grant = `GRANT EXECUTE ON FUNCTION ${schema ?? ''}.capture_changes() TO <role>`;
  return fields([
    [
      'captures changes',
      captures ? `yes; for other roles that convert: ${grant}` : `not for this role: ${grant}`,
    ],
    ['knows which tables have changed', tracks ? 'yes' : 'no: the server has not loaded it'],
  ]);
}

function preloadText({ state, line, file, note }: ExtensionPreload): string {
  const place = file ?? 'postgresql.conf';
  switch (state) {
    case 'loaded':
      return `The server has loaded it; ${place} lacks nothing.`;
    case 'restart':
      return `${place} has the line, and the server needs a restart:\n\n${indented(line)}`;
    case 'missing': {
      const text =
        `For knowing which tables have changed, ${place} needs this line, and the server a ` +
        `restart. imat does not change that file.\n\n${indented(line)}`;
      return note === null ? text : `${text}\n\nNOTE:  ${note}`;
    }
  }
}
