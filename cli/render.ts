/** Prints those results of the API that more than one command shows. */
import type { ConvertResult, ImatStatus, Reason, Status } from '../engine/api.ts';
import { quoteIdent } from '../parser/quote.ts';
import { quotedLine } from './error-output.ts';
import { bytes, count, counted, duration, fields, table, time } from './output.ts';

export function convertText(result: ConvertResult): string {
  const made = result.dryRun ? 'would be created' : 'is ready';
  const { relation, strategy, freshness } = result;
  const head = `${relation} ${made}: strategy ${strategy}, freshness ${freshness}`;
  const lines = [result.dryRun ? `${head}. Nothing was changed.` : `${head}.`];
  if (result.reasons.length > 0) lines.push('', reasonsText(result.strategy, result.reasons, null));
  if (result.notes.length > 0) lines.push('', notesText(result.notes));
  if (result.proposedFreshness !== null) lines.push('', costText(result));
  if (!result.dryRun)
    lines.push('', `Read it with: SELECT * FROM imat.${shortIdent(result.name)};`);
  return lines.join('\n');
}

function costText({ freshness, loadMs, proposedFreshness }: ConvertResult): string {
  const took = duration(Math.round(loadMs ?? 0));
  const [cost, gain] =
    freshness === 'live'
      ? [`A read after a write runs the definition, which took ${took}.`, 'reads what is stored']
      : [`Computing it anew every ${freshness} takes ${took} each time.`, 'costs the server less'];
  const proposal = `With --freshness ${proposedFreshness} it ${gain}`;
  return `${cost} ${proposal}, at most ${proposedFreshness} old.`;
}

/** Quotes a name only if necessary. After a dot, a reserved word needs no quotes. */
function shortIdent(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdent(name);
}

/** Shows each place in the definition, or names it if the definition is null. */
export function reasonsText(
  strategy: string,
  reasons: readonly Reason[],
  definition: string | null,
): string {
  return [
    `Why the strategy is ${strategy}:`,
    ...reasons.map((reason) => reasonText(reason, definition)),
  ].join('\n');
}

function reasonText({ message, hint, position }: Reason, definition: string | null): string {
  const lines: string[] = [];
  if (position === null) lines.push(`- ${message}`);
  else if (definition === null)
    lines.push(`- ${message} (line ${position.line}, column ${position.column} of the definition)`);
  else lines.push(`- ${message}`, indented(quotedLine(definition, position)));
  if (hint !== null) lines.push(`  HINT:  ${hint}`);
  return lines.join('\n');
}

export function notesText(notes: readonly string[]): string {
  return notes.map((note) => `NOTE:  ${note}`).join('\n');
}

export function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

const NONE = 'No imats in this database. Run imat convert <materialized view> to create one.';

export function imatsTable(imats: readonly ImatStatus[]): string {
  if (imats.length === 0) return NONE;
  return table(
    [
      { title: 'name' },
      { title: 'strategy' },
      { title: 'freshness' },
      { title: 'state' },
      { title: 'pending rows', align: 'right' },
      { title: 'stored', align: 'right' },
      { title: 'log', align: 'right' },
      { title: 'folded up to' },
    ],
    imats.map((imat) => [
      imat.name,
      imat.strategy,
      imat.freshness,
      imat.state,
      count(imat.pendingRows),
      bytes(imat.stateBytes),
      bytes(imat.logBytes),
      timeOr(imat.frontierAt, 'never'),
    ]),
  );
}

export function imatNamesTable(imats: readonly ImatStatus[]): string {
  if (imats.length === 0) return NONE;
  return table(
    [
      { title: 'relation' },
      { title: 'strategy' },
      { title: 'freshness' },
      { title: 'state' },
      { title: 'converted from' },
    ],
    imats.map((imat) => [
      imat.relation,
      imat.strategy,
      imat.freshness,
      imat.state,
      imat.original ?? '(a query)',
    ]),
  );
}

export function imatFields(imat: ImatStatus): string {
  return fields([
    ['name', imat.name],
    ['relation', imat.relation],
    ['strategy', imat.strategy],
    ['freshness', imat.freshness],
    ['state', imat.state],
    [
      'pending rows',
      `${count(imat.pendingRows)}${imat.resetPending ? '; the next fold computes all anew' : ''}`,
    ],
    ['folded up to', timeOr(imat.frontierAt, 'never')],
    ['sources', imat.sources.join(', ')],
    ['converted from', imat.original ?? '(a query)'],
    ['stored', bytes(imat.stateBytes)],
    ['change log', `${bytes(imat.logBytes)}, about ${count(imat.logRows)} rows`],
    ['last run', lastRunText(imat.lastRun)],
    ...(imat.worker === null ? [] : [['worker', imat.worker] as const]),
    ...(imat.failure === null ? [] : failureFields(imat.failure)),
    ...imat.problems.flatMap(({ severity, message, hint }): [string, string][] => [
      [severity, message],
      ['hint', hint],
    ]),
  ]);
}

const timeOr = (iso: string | null, otherwise: string): string =>
  iso === null ? otherwise : time(iso);

const lastRunText = (run: ImatStatus['lastRun']): string =>
  run === null
    ? 'none'
    : `${run.action} (${run.reason}), ${duration(run.ms)}, ended ${time(run.endedAt)}`;

function failureFields({
  code,
  message,
  hint,
  attempts,
  nextAttemptAt,
}: NonNullable<ImatStatus['failure']>): [string, string][] {
  const next = timeOr(nextAttemptAt, 'none until you fold, swap or convert it');
  return [
    ['failed', `${code}: ${message} (${counted(attempts, 'attempt')})`],
    ...(hint === null ? [] : [['hint', hint] as [string, string]]),
    ['next attempt', next],
  ];
}

/**
 * What concerns more than one imat: all failures, the workers, and what keeps logs from being
 * cleaned.
 */
export function surroundingsText({ imats, workers, heldBack }: Status): string {
  const failures = imats.flatMap(({ name, failure }) =>
    failure === null
      ? []
      : [
          `FAILED  ${name}: ${failure.code}: ${failure.message}`,
          ...(failure.hint === null ? [] : [`  HINT:  ${failure.hint}`]),
        ],
  );
  const problems = imats.flatMap(({ name, problems: own }) =>
    own.flatMap(({ severity, message, hint }) => [
      `${severity.toUpperCase()}  ${name}: ${message}`,
      `  HINT:  ${hint}`,
    ]),
  );
  const alive = workers.filter((worker) => worker.alive);
  const lines = [
    ...problems,
    ...failures,
    ...(alive.length === 0
      ? []
      : [`${counted(alive.length, 'worker')} running: ${alive.map(({ id }) => id).join(', ')}`]),
    ...workers
      .filter((worker) => !worker.alive)
      .map((worker) => `worker ${worker.id} was last seen ${time(worker.seenAt)}`),
    ...heldBack.map((reason) => `NOTE:  ${reason}`),
  ];
  return lines.length === 0 ? '' : `\n\n${lines.join('\n')}`;
}
