import type { Command } from 'commander';
import type { MarkStatus } from '../../engine/accounting-api.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { table, time } from '../output.ts';
import { onImat } from '../session.ts';

export function registerMark(program: Command, context: Context): void {
  const mark = program
    .command('mark')
    .summary('set and list the points between which changes are counted')
    .description(
      'A mark is a named point of a group. It is a snapshot: ' +
        'every transaction lies before it or after it, whatever the order of commits. ' +
        'Setting a mark waits for no writer, and no writer waits for it.',
    )
    .helpCommand(false)
    .addHelpText('after', examples(['mark set sales before_the_import', 'mark list sales']));
  registerSet(mark, context);
  registerChange(mark, context, 'rename', {
    argument: ['<name>', 'its new name, in which % becomes the time'],
    summary: 'rename a mark',
    description: 'Gives a mark another name.',
    example: 'release_42',
  });
  registerChange(mark, context, 'comment', {
    argument: ['[text]', 'the comment; without it the present one is removed'],
    summary: 'comment on a mark',
    description: 'Sets the comment of a mark; without a text it removes the comment.',
    example: '"after the import"',
  });
  mark
    .command('delete')
    .argument('<group>', 'the group')
    .argument('<mark>', 'the mark; LAST_MARK is the last one')
    .summary('delete a mark')
    .description('Deletes a mark. What was counted before and after it becomes one interval.')
    .addHelpText('after', examples(['mark delete sales before_the_import']))
    .action(async (group: string, name: string, _options: object, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        await accounting.deleteMark(group, name);
        return { document: { group, mark: name }, text: `Mark "${name}" is deleted.` };
      });
    });
  mark
    .command('list')
    .argument('<group>', 'the group')
    .summary('list the marks of a group')
    .description(
      'Lists the marks of a group in their order, with the times at which they were set.',
    )
    .addHelpText('after', examples(['mark list sales', 'mark list sales --json']))
    .action(async (group: string, _options: object, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        const marks = await accounting.listMarks(group);
        return { document: { group, marks }, text: marksTable(marks) };
      });
    });
}

function registerSet(mark: Command, context: Context): void {
  mark
    .command('set')
    .argument('<group>', 'the group')
    .argument('[mark]', 'its name, in which % becomes the time (default: MARK_ and the time)')
    .summary('set a mark')
    .description(
      'Sets a mark. Transactions that have committed by now are before it. All others are ' +
        'after it, no matter when they began.',
    )
    .addHelpText(
      'after',
      examples(['mark set sales before_the_import', 'mark set sales nightly_%']),
    )
    .action(async (group: string, name: string | undefined, _options: object, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        const set = await accounting.setMark(group, ...(name === undefined ? [] : [name]));
        return { document: { group, ...set }, text: `Mark "${set.name}" is set.` };
      });
    });
}

type Change = {
  readonly argument: readonly [string, string];
  readonly summary: string;
  readonly description: string;
  readonly example: string;
};

function registerChange(
  mark: Command,
  context: Context,
  how: 'rename' | 'comment',
  { argument, summary, description, example }: Change,
): void {
  mark
    .command(how)
    .argument('<group>', 'the group')
    .argument('<mark>', 'the mark; LAST_MARK is the last one')
    .argument(...argument)
    .summary(summary)
    .description(description)
    .addHelpText('after', examples([`mark ${how} sales LAST_MARK ${example}`]))
    .action(
      async (
        group: string,
        name: string,
        text: string | undefined,
        _options: object,
        command: Command,
      ) => {
        await onImat(context, command, async ({ accounting }) => {
          if (how === 'comment') await accounting.commentMark(group, name, text ?? null);
          else if (text !== undefined) await accounting.renameMark(group, name, text);
          return {
            document: { group, mark: how === 'rename' ? text : name },
            text: how === 'rename' ? `Mark "${name}" is now "${text}".` : 'The comment is set.',
          };
        });
      },
    );
}

function marksTable(marks: readonly MarkStatus[]): string {
  return table(
    [{ title: 'mark' }, { title: 'set at' }, { title: 'counting from here' }, { title: 'comment' }],
    marks.map((one) => [
      one.name,
      time(one.setAt),
      one.isStop ? 'stopped' : 'yes',
      one.comment ?? '',
    ]),
  );
}
