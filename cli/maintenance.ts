/** Prints how definitions would be maintained, in one line each. */
import type { Maintenance, ViewSummary } from '../engine/api.ts';
import type { Column } from './output.ts';
import { bytes, count, duration, table } from './output.ts';

/** `add`, `regroup`, `residual over 2 stores (add, regroup)` or `swap`. */
export function rulesText({ rule, stores, residual }: Maintenance): string {
  if (!residual) return rule;
  const over = stores.length === 1 ? 'a store' : `${stores.length} stores`;
  return `residual over ${over} (${[...new Set(stores)].join(', ')})`;
}

/** Sources by what one change of them gives to do: `adds: public.a; all rows: public.b`. */
function changesText({ changes }: Maintenance): string {
  const effects = [...new Set(changes.map(({ effect }) => effect))];
  return effects
    .map((effect) => {
      const own = changes.filter((change) => change.effect === effect);
      return `${effect}: ${own.map(({ relation }) => relation).join(', ')}`;
    })
    .join('; ');
}

const MEASURED =
  'NOTE:  each definition was run once with EXPLAIN ANALYZE, in a read-only transaction that was ' +
  'rolled back\n' +
  "NOTE:  refresh: the definition, and writing the view's rows into a temporary table; no view " +
  'was refreshed, and indexes and WAL come on top';

const TIMES: readonly Column[] = [
  { title: 'time', align: 'right' },
  { title: 'refresh', align: 'right' },
];

const timeText = (ms: number | null): string => (ms === null ? '-' : duration(ms));

export function viewsText(views: readonly ViewSummary[], isMeasured: boolean): string {
  if (views.length === 0) return 'No materialized views in this database that you may read.';
  const shown = table(
    [
      { title: 'name' },
      { title: 'rows', align: 'right' },
      { title: 'size', align: 'right' },
      ...(isMeasured ? TIMES : []),
      { title: 'strategy' },
      { title: 'rules' },
      { title: 'one change' },
      { title: 'why not better' },
    ],
    views.map((view) => [
      view.name,
      view.rows === null ? 'unknown' : count(view.rows),
      bytes(view.bytes),
      ...(isMeasured ? [timeText(view.ms), timeText(view.refreshMs)] : []),
      view.maintenance?.strategy ?? '-',
      view.maintenance === null ? '-' : rulesText(view.maintenance),
      view.maintenance === null ? '-' : changesText(view.maintenance),
      view.error === null ? (view.reason?.message ?? '') : `ERROR: ${view.error.message}`,
    ]),
  );
  const notMeasured = views.flatMap(({ name, notMeasured: why }) =>
    why === null ? [] : [`NOTE:  ${name} was not measured: ${why}`],
  );
  return isMeasured ? [`${shown}\n`, MEASURED, ...notMeasured].join('\n') : shown;
}
