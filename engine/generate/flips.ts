/**
 * The rows of a store that come and go: its change, for what stands on it.
 *
 * The change of a store is what it holds now minus what is stored, for the keys that are pending
 * there. Both are read in the reader's own snapshot, in which what is stored belongs to the
 * frontier, so nothing has to be kept of former changes (docs/decisions/0055-composition.md). Of
 * rows without aggregates only those differ whose count becomes 0, or was 0.
 */
import type { NodeOf } from '../algebra/node.ts';
import { columnsOf } from '../algebra/node.ts';
import { faceOf } from '../operators/all.ts';
import type { Shape, Term } from '../operators/rule.ts';
import { columnOf } from '../operators/rule.ts';
import { fedBy, stateColumn, STATE, touchedBy } from '../operators/store.ts';
import type { Store, TouchKey } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';
import { isConcerned, isUnknown } from './current-view.ts';

const ROWS = ident(OWN_COLUMNS.rows);

/** What the rows of one store of different values add to the store above it. */
export type Flips = {
  /** Common table expressions, as `name AS MATERIALIZED (...)`. */
  readonly ctes: readonly Sql[];
  readonly store: Store;
  readonly term: Term;
};

/**
 * `number`: the input of the store above. `delta`: the view of what is pending in the store below.
 */
export function flipsOf(
  { core, store }: AddPlan,
  below: AddPlan,
  number: number,
  names: StoreNames,
  delta: Sql,
): Flips {
  const changes = ident(`changes${number}`);
  const flips = ident(`flips${number}`);
  const { shape, keys } = differentRows(core, below);
  return {
    ctes: [
      sql`${changes} AS MATERIALIZED (\n  TABLE ${delta}\n)`,
      sql`${flips} AS MATERIALIZED (\n  ${flipsQuery(below, names.state.sql, changes)}\n)`,
    ],
    store: fedBy(store, number, keys),
    term: {
      from: [sql`${flips} AS g`],
      where: [],
      weight: sql`g.weight`,
      sign: null,
      label: `rows that come and go among ${shape.label}`,
    },
  };
}

/** The rows of a store of different values, and in these the keys of the store above. */
export function differentRows(
  core: AddPlan['core'],
  below: AddPlan,
): { readonly shape: Shape; readonly keys: readonly Sql[] } {
  const { shape } = faceOf(below.core, null);
  const count = core.op === 'group' ? core.keys.length : 0;
  const keys = columnsOf(below.core).slice(0, count);
  return { shape, keys: keys.map(({ id }) => columnOf(shape, id)) };
}

function flipsQuery({ core, store }: AddPlan, state: Sql, changes: Sql): Sql {
  const names = store.keys.map(({ name }) => ident(name));
  const of = (alias: string, before: Sql, from: Sql): Sql => {
    const columns = [...names, ROWS].map((name) => sql`${ident(alias)}.${name}`);
    return sql`SELECT ${join([...columns, sql`${before} AS before`], ', ')}\n    FROM ${from}`;
  };
  const stored = (condition: Sql | null): Sql => {
    const rows = of(STATE, stateColumn(OWN_COLUMNS.rows), sql`${state} AS ${ident(STATE)}`);
    return condition === null ? rows : sql`${rows}\n    WHERE ${condition}`;
  };
  const arms = [
    ...touched(touchedBy(store), changes).map(stored),
    of('d', sql`0`, sql`${changes} AS d`),
  ];
  const columns = (core as NodeOf<'group'>).keys.map(
    ({ column }) =>
      sql`u.${ident(store.columns.get(column.id) ?? '')} AS ${ident(`c${column.id}`)}`,
  );
  const [now, before] = [sql`pg_catalog.sum(u.${ROWS})`, sql`pg_catalog.sum(u.before)`];
  return sql`SELECT
    ${lines([...columns, sql`CASE WHEN ${now} > 0 THEN 1 ELSE -1 END::bigint AS weight`])}
  FROM (
    ${join(arms, '\n    UNION ALL\n    ')}
  ) AS u
  GROUP BY ${join(
    names.map((name) => sql`u.${name}`),
    ', ',
  )}
  HAVING (${now} > 0) <> (${before} > 0)`;
}

/**
 * The conditions under which a stored row may be one that is pending. Equality says nothing of
 * NULL, so rows with NULL in a key are read where the change has such rows.
 */
function touched(keys: readonly TouchKey[], changes: Sql): readonly (Sql | null)[] {
  if (keys.length === 0) return [null];
  const unknown = isUnknown(keys);
  const none = sql`EXISTS (SELECT FROM ${changes} AS d WHERE ${unknown ?? sql`FALSE`})`;
  return [isConcerned(keys, changes), ...(unknown === null ? [] : [sql`(${unknown}) AND ${none}`])];
}
