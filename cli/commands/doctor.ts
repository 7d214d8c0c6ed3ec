import type { Command } from 'commander';
import type { DoctorCheck } from '../../engine/environment-api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import { examples } from '../help.ts';
import { onImat } from '../session.ts';

const LABELS: Readonly<Record<DoctorCheck['status'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  error: 'ERROR  ',
};

export function registerDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .summary('check the server, the rights, the catalog and every imat')
    .description(
      'Checks the server, the rights of the role, the catalog and every imat, and says how ' +
        'to fix each problem. It also reports steps that an interrupted command left ' +
        'unfinished. The exit status is 2 if you must do something. The command changes ' +
        'nothing.',
    )
    .addHelpText(
      'after',
      examples(['doctor', 'doctor --database-url postgres://app@db.example.com/shop --json']),
    )
    .action(async (_options: object, command: Command) => {
      await onImat(context, command, async (imat) => {
        const result = await imat.doctor();
        const status = result.checks.some((check) => check.status === 'error')
          ? EXIT.user
          : EXIT.done;
        return { document: result, text: result.checks.map(checkText).join('\n'), status };
      });
    });
}

function checkText({ check, status, message, hint }: DoctorCheck): string {
  const line = `${LABELS[status]}  ${check}: ${message}`;
  return hint === null ? line : `${line}\n         HINT:  ${hint}`;
}
