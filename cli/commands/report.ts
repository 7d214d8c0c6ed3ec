import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { bytes, counted } from '../output.ts';
import { onImat } from '../session.ts';
import { checkWritable, writeWhole } from '../whole-file.ts';

type Flags = {
  readonly out: string;
  readonly group?: string;
  readonly from?: string;
  readonly to?: string;
};

export function registerReport(program: Command, context: Context): void {
  program
    .command('report')
    .summary('write a page with plots of what changed')
    .description(
      'Writes an HTML page about the changes of groups between two marks: by table over time, by ' +
        'role and verb, and by sequence, together with schema changes and runs of imats. Exact ' +
        'numbers are under the plots. The page is one file that loads nothing and runs no script.',
    )
    .requiredOption('--out <file>', 'the file to write; an existing file is replaced')
    .option('--group <group>', 'the group; without it all groups')
    .option('--from <mark>', 'the first mark; without it the first mark of each group')
    .option('--to <mark>', 'the last mark; without it up to now')
    .addHelpText(
      'after',
      examples([
        'report --out changes.html',
        'report --out changes.html --group sales --from monday --to LAST_MARK',
      ]),
    )
    .action(async ({ out, group, from, to }: Flags, command: Command) => {
      await checkWritable(out);
      await onImat(context, command, async ({ accounting }) => {
        const { data, html } = await accounting.report({
          group: group ?? null,
          from: from ?? null,
          to: to ?? null,
        });
        await writeWhole(out, html);
        const size = Buffer.byteLength(html);
        const groups = data.groups.map((one) => one.group);
        return {
          document: { file: out, bytes: size, groups },
          text: `Wrote ${out}: ${counted(groups.length, 'group')}, ${bytes(size)}.`,
        };
      });
    });
}
