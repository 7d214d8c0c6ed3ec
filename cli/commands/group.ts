import type { Command } from 'commander';
import type { GroupStatus } from '../../engine/accounting-api.ts';
import type { Imat } from '../../engine/api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { count, table, time } from '../output.ts';
import { onImat } from '../session.ts';

const EXAMPLES = examples([
  'group create sales public.orders public.customers',
  'group add sales public.invoices',
  'mark set sales before_the_import',
  'stats sales --from before_the_import',
]);

export function registerGroup(program: Command, context: Context): void {
  const group = program
    .command('group')
    .summary('choose the tables whose changes are counted')
    .description(
      'A group is a named set of tables and sequences. ' +
        'imat counts the rows that each statement changes in its tables, by table, role ' +
        'and verb; "imat stats" shows them between any two marks. ' +
        'Creating a group, or adding to it, waits for transactions that are writing to the tables.',
    )
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  registerCreate(group, context);
  registerMembers(group, context, 'add', 'add tables and sequences to a group');
  registerMembers(group, context, 'remove', 'take tables and sequences out of a group');
  registerState(group, context, 'stop', 'stop counting until the group is started');
  registerState(group, context, 'start', 'count the changes of a stopped group again');
  registerState(group, context, 'drop', 'remove a group with its marks and statistics');
  group
    .command('list')
    .summary('list the groups that you may read')
    .description('Lists the groups, with their owners and the numbers of tables and of marks.')
    .addHelpText('after', examples(['group list', 'group list --json']))
    .action(async (_options: object, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        const groups = await accounting.listGroups();
        return { document: { groups }, text: groupsTable(groups) };
      });
    });
}

function registerCreate(group: Command, context: Context): void {
  group
    .command('create')
    .argument('<group>', 'its name')
    .argument('<tables...>', 'tables and sequences, named as in SQL')
    .summary('make a group and begin to count')
    .description(
      'Makes a group, sets its first mark and counts the changes of its tables from there on. ' +
        'You must own the tables. A partitioned table includes its partitions.',
    )
    .option('--emaj-names', "also make a schema emaj with E-Maj's function names")
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        name: string,
        members: string[],
        { emajNames }: { readonly emajNames?: true },
        command: Command,
      ) => {
        await onImat(context, command, async (imat) => {
          const refusal = await refusalToInit(imat);
          await imat.accounting
            .createGroup(name, members, { emajNames: emajNames === true })
            .catch((error: unknown) => {
              throw has(error, 'not_initialized') ? (refusal ?? error) : error;
            });
          return {
            document: { group: name, members },
            text: `Group "${name}" counts the changes of ${members.join(', ')}.`,
          };
        });
      },
    );
}

/**
 * Prepares the database. Whoever may not, such as the owner of a table, can make groups where the
 * catalog is there: so the refusal is given, and counts where it is not.
 */
async function refusalToInit(imat: Imat): Promise<unknown> {
  try {
    await imat.init();
    return null;
  } catch (error) {
    if (has(error, 'insufficient_privilege')) return error;
    throw error;
  }
}

const has = (error: unknown, condition: ImatError['condition']): boolean =>
  error instanceof ImatError && error.condition === condition;

function registerMembers(
  group: Command,
  context: Context,
  how: 'add' | 'remove',
  summary: string,
): void {
  group
    .command(how)
    .argument('<group>', 'its name')
    .argument('<tables...>', 'tables and sequences, named as in SQL')
    .summary(summary)
    .description(
      how === 'add'
        ? 'Sets a mark. From there on, the changes of the tables count in the group.'
        : 'Sets a mark. From there on, the changes of the tables no longer count in the group.',
    )
    .addHelpText('after', examples([`group ${how} sales public.invoices`]))
    .action(async (name: string, members: string[], _options: object, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        if (how === 'add') await accounting.addToGroup(name, members);
        else await accounting.removeFromGroup(name, members);
        const done = how === 'add' ? 'now has' : 'no longer has';
        return {
          document: { group: name, members },
          text: `Group "${name}" ${done} ${members.join(', ')}.`,
        };
      });
    });
}

const DONE = {
  stop: 'counts nothing until it is started.',
  start: 'counts again.',
  drop: 'is gone, with its marks and statistics.',
} as const;

function registerState(
  group: Command,
  context: Context,
  how: keyof typeof DONE,
  summary: string,
): void {
  group
    .command(how)
    .argument('<group>', 'its name')
    .summary(summary)
    .description(
      how === 'drop'
        ? 'Removes a group and all that was counted for it. The tables stay as they are.'
        : `Sets a mark. From there on, the changes of the group are ${
            how === 'stop' ? 'no longer counted' : 'counted again'
          }. What has been counted stays.`,
    )
    .addHelpText('after', examples([`group ${how} sales`]))
    .action(async (name: string, _options: object, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        if (how === 'stop') await accounting.stopGroup(name);
        else if (how === 'start') await accounting.startGroup(name);
        else await accounting.dropGroup(name);
        return { document: { group: name }, text: `Group "${name}" ${DONE[how]}` };
      });
    });
}

function groupsTable(groups: readonly GroupStatus[]): string {
  if (groups.length === 0)
    return 'No groups that you may read. "imat group create <group> <tables...>" makes one.';
  return table(
    [
      { title: 'group' },
      { title: 'owner' },
      { title: 'counting' },
      { title: 'tables', align: 'right' },
      { title: 'sequences', align: 'right' },
      { title: 'marks', align: 'right' },
      { title: 'since' },
    ],
    groups.map((one) => [
      one.name,
      one.owner,
      one.isCounting ? 'yes' : 'stopped',
      count(one.tables),
      count(one.sequences),
      count(one.marks),
      time(one.createdAt),
    ]),
  );
}
