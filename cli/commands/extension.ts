import type { Command } from 'commander';
import type { ExtensionPreload, ExtensionResult } from '../../engine/environment-api.ts';
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
      `The extension ${NAME} is optional. It captures changes in C instead of PL/pgSQL ` +
        'and knows at any time which tables have changed. imat uses it if it is installed. ' +
        'Managed PostgreSQL services usually do not allow it.',
    )
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  extension
    .command('install')
    .summary('install the extension in this database, and on its server if necessary')
    .description(
      'Creates the extension in this database, as a superuser. If the server lacks the ' +
        'files, runs on this machine and has its headers installed, the command builds the ' +
        'files from the sources that come with imat and installs them. If it cannot write to ' +
        "the server's directories, it prints the commands and exits with status 2. The headers " +
        'must not be newer than the running server: restart the server first if it has been ' +
        'upgraded. Files that the server cannot load are removed before anything is created. ' +
        'The command names the line that postgresql.conf needs and never changes that file. ' +
        'Sources that are captured from then on use the extension. For a source that is ' +
        'already captured, revert its imats and convert them again.',
    )
    .option('--schema <schema>', 'the schema for its functions (default: public)')
    .option('--pg-config <path>', "the server's pg_config, if imat does not find it")
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
      return `${what} is already installed in this database, in schema ${schema ?? ''}.`;
    case 'created':
      return (
        `${what} ${built ? 'was built and ' : ''}is now installed in this database, in schema ` +
        `${schema ?? ''}.`
      );
    case 'manual':
      return (
        "Nothing was changed: this user cannot write to the server's directories. Run these " +
        `commands, then run imat extension install again:\n\n${indented(commands.join('\n'))}`
      );
  }
}

function activeText({ captures, tracks, schema }: ExtensionResult): string {
  const grant = `GRANT EXECUTE ON FUNCTION ${schema ?? ''}.capture_changes() TO <role>`;
  return fields([
    [
      'captures changes',
      captures ? `yes; for other roles that convert: ${grant}` : `not for this role; run ${grant}`,
    ],
    ['tracks changed tables', tracks ? 'yes' : 'no: the server has not loaded it'],
  ]);
}

function preloadText({ state, line, file, note }: ExtensionPreload): string {
  const place = file ?? 'postgresql.conf';
  switch (state) {
    case 'loaded':
      return `The server has loaded it; ${place} needs no change.`;
    case 'restart':
      return `${place} has this line, and the server needs a restart:\n\n${indented(line)}`;
    case 'missing': {
      const text =
        `To track changed tables, add this line to ${place} and restart the server. ` +
        `imat does not change that file.\n\n${indented(line)}`;
      return note === null ? text : `${text}\n\nNOTE:  ${note}`;
    }
  }
}
