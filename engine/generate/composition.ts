/**
 * The change of a store, for the store that stands on it.
 *
 * It is what the store holds now minus what is stored, for the keys that are pending there. Both
 * are read in the reader's own snapshot, in which what is stored belongs to the frontier, so
 * nothing has to be kept of former changes (docs/decisions/0055-composition.md).
 *
 *   groups    each row as it is stored is taken back, and as it is now added
 *   values    of rows without aggregates only those differ whose count was 0 or is 0 now
 */
import { columnsOf } from '../algebra/node.ts';
import type { Leaf } from '../operators/all.ts';
import { faceOf } from '../operators/all.ts';
import type { Shape, Term } from '../operators/rule.ts';
import { columnOf } from '../operators/rule.ts';
import type { Store } from '../operators/store.ts';
import {
  fedBy,
  readColumns,
  STATE,
  stateColumn,
  stateColumns,
  summed,
  touchedBy,
} from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import type { StoreNames } from '../sql/names.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';
import { isConcerned, isUnknown } from './current-view.ts';

const ROWS = ident(OWN_COLUMNS.rows);

/** A store below: its plan, its names, and the view of what is pending in it. */
export type Below = { readonly plan: AddPlan; readonly names: StoreNames; readonly delta: Sql };

/** `ctes`: common table expressions, each as `name AS MATERIALIZED (...)`. */
export type InnerChange = { readonly ctes: readonly Sql[]; readonly leaf: Leaf };

/** The groups below a core, as it reads their change. */
export function innerChange(below: Below): InnerChange {
  const { core, store } = below.plan;
  const { changes, stored, ctes } = pendingOf(below, 0);
  const list = join(stateColumns(store).map(ident), ', ');
  const both = sql`SELECT ${list} FROM ${stored}\n  UNION ALL\n  SELECT ${list} FROM ${changes}`;
  const vanish = store.identity.vanishes ? sql`\nHAVING pg_catalog.sum(u.${ROWS}) <> 0` : sql``;
  const now = sql`(\n  ${summed(store, both)}${vanish}\n)`;
  const groups = sql`${ident('groups0')} AS MATERIALIZED (
  -- minus groups as they are stored
  ${signed(store, stored, -1)}
  UNION ALL
  -- plus groups as they are now
  ${signed(store, now, 1)}
)`;
  const { shape, now: rows } = faceOf(core, null);
  const change = [termOf(ident('groups0'), `changes of ${shape.label}`)];
  return { ctes: [...ctes, groups], leaf: { node: core, shape, rows, change } };
}

/** Rows of stored columns as rows of the operator, with a weight. */
function signed(store: Store, rows: Sql, weight: number): Sql {
  const columns = [...store.columns].map(
    ([id, name]) => sql`${stateColumn(name)} AS ${ident(`c${id}`)}`,
  );
  return sql`SELECT
    ${lines([...columns, sql`${weight}::bigint AS weight`])}
  FROM (
    SELECT
      ${lines(readColumns(store, store.values))}
    FROM ${rows} AS ${ident(STATE)}
  ) AS ${ident(STATE)}`;
}

/** What the rows of one store of different values add to the store above it. */
export type Flips = {
  readonly ctes: readonly Sql[];
  readonly store: Store;
  readonly term: Term;
};

/** `number`: which input of the store above it is. */
export function flipsOf({ core, store }: AddPlan, below: Below, number: number): Flips {
  const flips = ident(`flips${number}`);
  const { shape, keys } = differentRows(core, below.plan);
  const pending = pendingOf(below, number);
  const query = flipsQuery(below.plan, pending.stored, pending.changes);
  return {
    ctes: [...pending.ctes, sql`${flips} AS MATERIALIZED (\n  ${query}\n)`],
    store: fedBy(store, number, keys),
    term: termOf(flips, `rows that come and go among ${shape.label}`),
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

function flipsQuery({ core, store }: AddPlan, stored: Sql, changes: Sql): Sql {
  const names = store.keys.map(({ name }) => ident(name));
  const list = join([...names, ROWS], ', ');
  const countBefore = storedCount(store);
  const columns = columnsOf(core).map(
    ({ id }) => sql`u.${ident(store.columns.get(id) ?? '')} AS ${ident(`c${id}`)}`,
  );
  const [now, before] = [sql`pg_catalog.sum(u.${ROWS})`, sql`pg_catalog.sum(u.${countBefore})`];
  return sql`SELECT
    ${lines([...columns, sql`CASE WHEN ${now} > 0 THEN 1 ELSE -1 END::bigint AS weight`])}
  FROM (
    SELECT ${list}, ${ROWS} AS ${countBefore} FROM ${stored}
    UNION ALL
    SELECT ${list}, 0 FROM ${changes}
  ) AS u
  GROUP BY ${join(
    names.map((name) => sql`u.${name}`),
    ', ',
  )}
  HAVING (${now} > 0) <> (${before} > 0)`;
}

/** A name for the row count as it is stored that no key has. */
function storedCount({ keys }: Store): Sql {
  let name = 'before';
  while (keys.some((key) => key.name === name)) name = `_${name}`;
  return ident(name);
}

const termOf = (rows: Sql, label: string): Term => ({
  from: [sql`${rows} AS g`],
  where: [],
  weight: sql`g.weight`,
  sign: null,
  label,
});

/** What is pending in a store, and the stored rows that may be concerned, as CTEs. */
function pendingOf(
  { plan: { store }, names, delta }: Below,
  number: number,
): { readonly changes: Sql; readonly stored: Sql; readonly ctes: readonly Sql[] } {
  const changes = ident(`changes${number}`);
  const stored = ident(`stored${number}`);
  const columns = stateColumns(store).map(stateColumn);
  const arms = concerned(store, changes).map((condition) => {
    const where = condition === null ? sql`` : sql`\n  WHERE ${condition}`;
    return sql`SELECT ${join(columns, ', ')}
  FROM ${names.state.sql} AS ${ident(STATE)}${where}`;
  });
  return {
    changes,
    stored,
    ctes: [
      sql`${changes} AS MATERIALIZED (\n  TABLE ${delta}\n)`,
      sql`${stored} AS MATERIALIZED (\n  ${join(arms, '\n  UNION ALL\n  ')}\n)`,
    ],
  };
}

/**
 * The conditions under which a change may concern a stored row; null for every row. Equality says
 * nothing of NULL, so rows with NULL in a key are read if the change has such rows.
 */
function concerned(store: Store, changes: Sql): readonly (Sql | null)[] {
  const keys = touchedBy(store);
  if (keys.length === 0) return [null];
  const unknown = isUnknown(keys);
  if (unknown === null) return [isConcerned(keys, changes)];
  const isAny = sql`EXISTS (SELECT FROM ${changes} AS d WHERE ${unknown})`;
  return [isConcerned(keys, changes), sql`(${unknown}) AND ${isAny}`];
}
