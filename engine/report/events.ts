/** What happened beside the changes: sequences, schema changes, runs of imats, marks. */
import type { GroupReport, ImatRuns } from '../accounting-api.ts';
import { intervalColumns, legend, partOf } from './changes.ts';
import { count, html, type Markup, raw, short, time } from './markup.ts';
import { events, overTime } from './plots.ts';
import { colour, keyOf, qualified, seriesOf } from './series.ts';
import { table } from './table.ts';

export function sequenceSection(report: GroupReport): Markup {
  if (report.sequences.length === 0) return raw('');
  const members = report.sequences.map(({ schema, sequence }) => ({
    key: keyOf(schema, sequence),
    label: qualified(schema, sequence),
  }));
  const series = seriesOf(members, 'sequences');
  const parts = report.increments.map(({ interval, schema, sequence, increments }) => {
    const one = series.all[series.of(keyOf(schema, sequence))];
    const text = `${qualified(schema, sequence)}: ${count(increments)}`;
    return partOf(report, interval, one, increments, text);
  });
  const plot =
    parts.length === 0
      ? html`<p>No sequence has moved.</p>`
      : html`${legend(series.all)}${overTime(report, parts, 'increments')}`;
  return html`<h3>Increments of sequences</h3>
${plot}${table(
  'sequences',
  'Increments of each sequence',
  [
    { title: 'schema', of: (row) => row.schema },
    { title: 'sequence', of: (row) => row.sequence },
    { title: 'increments', kind: 'number', of: (row) => row.increments },
    { title: 'definition changed', of: (row) => (row.structureChanged ? 'yes' : 'no') },
  ],
  report.sequences,
)}${table(
  'increments',
  'Increments of each sequence between marks',
  [
    ...intervalColumns<GroupReport['increments'][number]>(report),
    { title: 'schema', of: (row) => row.schema },
    { title: 'sequence', of: (row) => row.sequence },
    { title: 'increments', kind: 'number', of: (row) => row.increments },
  ],
  report.increments,
)}`;
}

type Change = GroupReport['schemaChanges'][number];

export function schemaSection(report: GroupReport): Markup {
  const { schemaChanges, schemaChangesLeftOut } = report;
  if (schemaChanges.length === 0)
    return html`<h3>Schema changes</h3>
<p>No schema change is recorded in this time.</p>`;
  const leftOut =
    schemaChangesLeftOut === 0
      ? raw('')
      : html`<p class="quiet">${schemaChangesLeftOut} older schema changes are left out.</p>`;
  return html`<h3>Schema changes</h3>
<p class="quiet">Of all tables, views and functions that imats read or groups count. A dot is a
change, found by then; the line before it is the time in which it may have happened.</p>
${events(
  report,
  schemaChanges.map((change) => ({
    key: change.object,
    label: change.object,
    from: change.notBeforeMs ?? change.ms,
    to: change.ms,
    colour: 'var(--schema)',
    end: 'dot' as const,
    title: `${time(change.at)} ${partName(change)}: ${changeText(change)}`,
  })),
  'schema changes',
)}${table(
  'schema',
  'Schema changes',
  [
    { title: 'at (UTC)', kind: 'time', of: (row) => time(row.at) },
    { title: 'not before', kind: 'time', of: (row) => time(row.notBefore ?? '') },
    { title: 'object', of: (row) => row.object },
    { title: 'part', of: partName },
    { title: 'change', of: changeText },
    { title: 'role', of: (row) => row.role ?? 'unknown' },
    { title: 'command', of: (row) => row.command ?? '' },
    { title: 'source', of: (row) => row.source },
  ],
  schemaChanges,
)}${leftOut}`;
}

const partName = ({ type, part }: Change): string => (part === null ? type : `${type} ${part}`);

function changeText({ kind, before, after }: Change): string {
  if (kind === null) return 'unknown';
  if (before === null || after === null || kind === 'rewrite') return kind;
  const differing = Object.keys(after).map(
    (key) => `${key} ${JSON.stringify(before[key] ?? null)} → ${JSON.stringify(after[key])}`,
  );
  return `${kind}: ${differing.join(', ')}`;
}

const ACTIONS = ['fold', 'swap', 'skip', 'rebuild', 'finish', 'publish', 'load', 'request'];

/** So that the action behind it is not cut off. */
const IMAT_LABEL = 14;

const actionColour = (action: string): string => colour(Math.max(0, ACTIONS.indexOf(action)));

export function runSection(report: GroupReport): Markup {
  const { runs } = report;
  if (runs === null)
    return html`<h3>Runs of imats</h3>
<p>This role may not read the runs of workers; imat grant --monitor gives the right.</p>`;
  if (runs.length === 0) return raw('');
  const timed = runs.flatMap(({ imat, action, from, to, runs, failures }) =>
    action === null || from === null || to === null
      ? []
      : [
          {
            key: JSON.stringify([imat, action]),
            label: `${short(imat, IMAT_LABEL)} ${action}`,
            from: from.ms,
            to: to.ms,
            colour: actionColour(action),
            end: failures > 0 ? ('cross' as const) : null,
            title: `${imat}: ${runs} × ${action} from ${time(from.at)} to ${time(to.at)}`,
          },
        ],
  );
  const actions = ACTIONS.filter((one) => runs.some(({ action }) => action === one));
  const plot =
    timed.length === 0
      ? html`<p>No worker has run for an imat in this time.</p>`
      : html`${legend(actions.map((label) => ({ label, colour: actionColour(label) })))}
${events(report, timed, 'runs of imats')}`;
  return html`<h3>Runs of imats</h3>
<p class="quiet">What workers did, as far as the catalog keeps it. A cross is a failure.</p>
${plot}${runTable(runs)}`;
}

function runTable(runs: readonly ImatRuns[]): Markup {
  const totals = new Map<string, ImatRuns>();
  for (const run of runs) {
    const key = JSON.stringify([run.imat, run.action]);
    const total = totals.get(key);
    totals.set(key, total === undefined ? run : added(total, run));
  }
  return table(
    'runs',
    'Runs of each imat',
    [
      { title: 'imat', of: (row) => row.imat },
      { title: 'what', of: (row) => row.action ?? 'nothing' },
      { title: 'runs', kind: 'number', of: (row) => row.runs },
      { title: 'failures', kind: 'number', of: (row) => row.failures },
      { title: 'rows', kind: 'number', of: (row) => row.rows },
      { title: 'ms', kind: 'number', of: (row) => Math.round(row.ms) },
      { title: 'last (UTC)', kind: 'time', of: (row) => time(row.to?.at ?? '') },
    ],
    [...totals.values()],
  );
}

/** `run` is the later one. */
const added = (total: ImatRuns, run: ImatRuns): ImatRuns => ({
  ...total,
  to: run.to,
  runs: total.runs + run.runs,
  rows: total.rows + run.rows,
  ms: total.ms + run.ms,
  failures: total.failures + run.failures,
});

export const markTable = ({ marks }: GroupReport): Markup =>
  table(
    'marks',
    'Marks',
    [
      { title: 'mark', of: (row) => row.name },
      { title: 'set at (UTC)', kind: 'time', of: (row) => time(row.at) },
      { title: 'comment', of: (row) => row.comment ?? '' },
      { title: 'counting', of: (row) => (row.isStop ? 'stopped here' : 'yes') },
    ],
    marks,
  );
