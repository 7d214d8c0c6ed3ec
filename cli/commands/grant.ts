import type { Command } from 'commander';
import type { GrantResult } from '../../engine/api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { shellWord } from '../../engine/errors/shell-word.ts';
import { nameOrAll } from '../arguments.ts';
import type { Context } from '../context.ts';
import { failureText } from '../error-output.ts';
import { exitStatusOfWorst } from '../exit-status.ts';
import { examples } from '../help.ts';
import { count, table } from '../output.ts';
import { onImat } from '../session.ts';

type Options = { readonly all?: true; readonly monitor?: string; readonly revoke?: true };

export function registerGrant(program: Command, context: Context): void {
  program
    .command('grant')
    .argument('[name]', 'an imat (default: all imats)')
    .summary('pass grants of materialized views on to their imats; let a role monitor')
    .description(
      'Repeats on imat.<name> what was granted and revoked on its materialized view since the ' +
        'conversion. Grants made on imat.<name> itself stay. ' +
        'With --monitor, lets a role run imat list and imat status, and nothing else.',
    )
    .option('--all', 'all imats')
    .option('--monitor <role>', 'let this role run imat list and imat status')
    .option('--revoke', 'with --monitor: take that right away again')
    .addHelpText(
      'after',
      examples(['grant my_sales_summary', 'grant --all', 'grant --monitor grafana']),
    )
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const { monitor, revoke } = options;
      if (monitor === undefined && revoke === true)
        throw new ImatError('invalid_argument', {
          message: '--revoke needs --monitor <role>',
          hint: 'REVOKE on the materialized view, then imat grant, takes the right to read.',
        });
      if (monitor !== undefined && (name !== undefined || options.all === true))
        throw new ImatError('invalid_argument', {
          message: '--monitor is about all imats and takes no name',
          hint: `imat grant --monitor ${shellWord(monitor)}`,
        });
      const names = nameOrAll(name, options, command);
      await onImat(context, command, async (imat) => {
        if (monitor === undefined) {
          const results = await imat.grant(...names);
          const status = exitStatusOfWorst(results.flatMap(({ error }) => error?.category ?? []));
          return { document: { results }, text: grantText(results), status };
        }
        await imat.grantMonitor(monitor, { revoke: revoke === true });
        return {
          document: { monitor, revoked: revoke === true },
          text:
            `Role ${monitor} may ${revoke === true ? 'no longer ' : ''}run ` +
            'imat list and imat status.',
        };
      });
    });
}

const COLUMNS = [{ title: 'name' }, { title: 'changed grants', align: 'right' }] as const;

function grantText(results: readonly GrantResult[]): string {
  if (results.length === 0) return 'No imats in this database.';
  const rows = results.flatMap(({ name, changes, error }) =>
    error === null ? [[name, count(changes)]] : [],
  );
  const failed = results.flatMap(({ name, error }) =>
    error === null ? [] : [failureText(`${name}: grants not passed on`, error)],
  );
  return [...(rows.length === 0 ? [] : [table(COLUMNS, rows)]), ...failed].join('\n');
}
