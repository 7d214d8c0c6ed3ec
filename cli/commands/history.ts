import type { Command } from 'commander';
import type { SchemaChange, SchemaHistory } from '../../engine/accounting-api.ts';
import type { Context } from '../context.ts';
import { examples } from '../help.ts';
import { table, time } from '../output.ts';
import { onImat } from '../session.ts';

type Flags = { readonly now?: true };

export function registerHistory(program: Command, context: Context): void {
  program
    .command('history')
    .argument('<table>', 'a table or view; write a dropped one, or a function, as schema.name')
    .summary('show when and how the schema of a table changed')
    .description(
      'Shows the changes of a table, its columns, constraints and indexes, newest first. Each ' +
        'has the source that it is known from: event triggers (imat init --event-triggers), ' +
        'commit timestamps of the catalog (track_commit_timestamp = on), or a comparison with ' +
        'what the table was before. Workers compare regularly. The SQL function is ' +
        'imat.history(table).',
    )
    .option('--now', 'compare the schema with its last image first')
    .addHelpText('after', examples(['history orders', 'history orders --now --json']))
    .action(async (name: string, { now }: Flags, command: Command) => {
      await onImat(context, command, async ({ accounting }) => {
        if (now === true) await accounting.compareSchema();
        const found = await accounting.schemaHistory(name);
        return { document: found, text: historyText(found) };
      });
    });
}

function historyText(found: SchemaHistory): string {
  const { object, changes, isKept } = found;
  const body =
    changes.length === 0
      ? noChangeText(object, isKept)
      : table(
          ['at', 'not before', 'role', 'command', 'object', 'change', 'source'].map((title) => ({
            title,
          })),
          changes.map((change) => [
            time(change.at),
            change.notBefore === null ? '' : time(change.notBefore),
            change.role ?? '',
            change.command ?? '',
            [change.type, change.part ?? change.object].join(' '),
            changeText(change),
            change.source,
          ]),
        );
  return [body, '', ...sourcesText(found)].join('\n');
}

const noChangeText = (object: string, isKept = true): string =>
  isKept
    ? `No change of "${object}" is known.`
    : `imat keeps no history of "${object}": no imat reads it, and it is in no group.`;

/** The kind, and each property that differs. */
function changeText({ kind, before, after }: SchemaChange): string {
  if (kind === null) return 'unknown';
  if (before === null || after === null || kind === 'rewrite') return kind;
  if (kind === 'drop') return typeof before['type'] === 'string' ? `drop: ${before['type']}` : kind;
  const differing = Object.keys(after).map(
    (key) => `${key} ${JSON.stringify(before[key] ?? null)} -> ${JSON.stringify(after[key])}`,
  );
  return `${kind}: ${differing.join(', ')}`;
}

const NEVER = 'never (a worker or imat history --now does it)';

function sourcesText({ eventTriggers, commitTimestamps, comparedAt }: SchemaHistory): string[] {
  const noTimestamps = 'off (the server setting track_commit_timestamp)';
  return [
    `Event triggers: ${eventTriggers ? 'on' : 'off (imat init --event-triggers creates them)'}`,
    `Commit timestamps: ${commitTimestamps ? 'on' : noTimestamps}`,
    ...(comparedAt === undefined
      ? []
      : [`Compared: ${comparedAt === null ? NEVER : time(comparedAt)}`]),
  ];
}
