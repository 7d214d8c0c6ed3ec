/** The stores of an imat, each as what its statements are made from. */
import { deparse } from '../../parser/deparse-query.ts';
import { deparseExpr } from '../../parser/deparse.ts';
import type { Expr } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import { mapRelations } from '../algebra/query-rewrites/relations.ts';
import type { OrderColumn } from '../plan/limit-order.ts';
import { limitOrder } from '../plan/limit-order.ts';
import type { AddPlan, Plan, Residual, StorePlan } from '../plan/plan.ts';
import {
  allStores,
  belowOf,
  isReadByFunction,
  isReadByRows,
  planScans,
  storeNumber,
} from '../plan/plan.ts';
import type { ImatNames, StoreNames } from '../sql/names.ts';
import { isNow } from '../algebra/moments.ts';
import { storeNames, STORE_SCHEMA } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';
import { hasExtremes } from './extremes.ts';
import type { Subject } from './subject.ts';

export type StoreSubject = Subject & {
  /** The table that the frontier names: that of the first store. */
  readonly frontierTable: Sql;
  /** The stores of the different values that it is computed from, and that of its input. */
  readonly different: readonly StoreNames[];
  readonly inner: StoreNames | null;
  /** The stores of the groups from which its rows are computed. */
  readonly groups: readonly StoreNames[];
};

export type StoreOf = {
  readonly subject: StoreSubject;
  readonly plan: StorePlan;
  readonly first: FirstRows | null;
  /** Whether it is there for another store alone. */
  readonly isBelow: boolean;
  /** Whether rows are computed from what it holds now. */
  readonly isReadByRows: boolean;
  /** Whether its fold replaces the rows that it stands on (refold.ts). */
  readonly foldsRows: boolean;
  /** Whether the fold of groups replaces its rows. */
  readonly isReplaced: boolean;
  /** Whether anything reads the view of its pending change: a read, its fold, or a store above. */
  readonly hasChange: boolean;
};

/** The rows of a stored table that a limit above it can take. */
export type FirstRows = { readonly order: readonly OrderColumn[]; readonly count: Sql };

export const orderList = (order: readonly OrderColumn[]): Sql =>
  join(
    order.map(({ name, isDescending, nulls }) => {
      const placed = fragment(nulls === null ? '' : ` NULLS ${nulls}`);
      return sql`${ident(name)}${fragment(isDescending ? ' DESC' : '')}${placed}`;
    }),
    ', ',
  );

/**
 * With the rows that OFFSET passes over, in numbers that do not overflow; null where their number
 * is not known beforehand.
 */
function firstRows(plan: Plan): FirstRows | null {
  const order = limitOrder(plan);
  const limit = plan.residual?.query.limit ?? null;
  if (order === null || limit === null || limit.withTies) return null;
  const [count, offset] = [limit.count, limit.offset].map((expr) =>
    expr === null ? null : deparseExpr(expr, () => ''),
  );
  if (count === null || count === undefined) return null;
  const both = `(${count})::numeric + (${offset})::numeric`;
  const rows = offset ? `LEAST(${both}, 9223372036854775807)::bigint` : `(${count})`;
  return { order, count: fragment(rows) };
}

/** A stored table, or those of its rows for which conditions hold that a limit can take. */
export function firstOf(table: Sql, where: readonly Sql[], first: FirstRows): Sql {
  const conditions = where.length === 0 ? sql`` : sql`\n  WHERE ${join(where, '\n    AND ')}`;
  return sql`(
  SELECT s.*
  FROM ${table} AS s${conditions}
  ORDER BY ${orderList(first.order)}
  LIMIT ${first.count}
)`;
}

/** The names of each store, those below others included. */
export function namesOfStores(
  names: ImatNames,
  plan: Pick<Plan, 'stores'> | null,
): readonly StoreNames[] {
  const stores = plan === null ? [] : allStores(plan);
  return stores.length <= 1 ? [names] : stores.map((_, index) => storeNames(names.base, index + 1));
}

const NOTHING_BELOW: Pick<AddPlan, 'different' | 'inner'> = { different: [], inner: null };

export function storesOf(subject: Subject, plan: Plan): readonly StoreOf[] {
  const all = namesOfStores(subject.names, plan);
  const rows = firstRows(plan);
  const stores = allStores(plan);
  const namesOf = (below: readonly StorePlan[]): readonly StoreNames[] =>
    below.flatMap((one) => all[stores.indexOf(one)] ?? []);
  return stores.flatMap((store, index) => {
    const [own, first] = [all[index], all[0]];
    if (own === undefined || first === undefined) return [];
    const isBelow = index >= plan.stores.length;
    const { different, inner } = store.rule === 'add' ? store : NOTHING_BELOW;
    const groups = store.rule === 'regroup' ? (store.groups?.stores ?? []) : [];
    const names = { ...subject.names, ...own };
    return [
      {
        subject: {
          ...subject,
          names,
          frontierTable: first.state.sql,
          different: namesOf(different),
          inner: namesOf(inner === null ? [] : [inner])[0] ?? null,
          groups: namesOf(groups),
        },
        plan: store,
        first: isBelow ? null : rows,
        isBelow,
        isReadByRows: isReadByRows(store, stores),
        foldsRows: foldsRows(store, stores),
        isReplaced: stores.some(
          (one) => one.rule === 'add' && one.inner === store && foldsRows(one, stores),
        ),
        hasChange: hasChange(store, stores),
      },
    ];
  });
}

/**
 * Whether the fold of a store replaces the rows that it stands on (refold.ts): it reads nothing
 * else, nothing else is computed from changes of these rows, and these are the definition confined
 * to touched keys. Extremes are derived again from rows as they are read, which are others by then.
 */
export function foldsRows(store: StorePlan, stores: readonly StorePlan[]): boolean {
  if (store.rule !== 'add' || store.inner?.rule !== 'regroup') return false;
  const { inner } = store;
  return (
    inner.recursion === null &&
    inner.groups === null &&
    planScans(store).length === 0 &&
    store.different.length === 0 &&
    !hasExtremes(store.store) &&
    stores.filter((one) => belowOf(one).includes(inner)).length === 1
  );
}

const hasChange = (store: StorePlan, stores: readonly StorePlan[]): boolean =>
  store.rule === 'add' &&
  (!foldsRows(store, stores) ||
    isReadByFunction(store) ||
    stores.some((one) => one.rule === 'add' && belowOf(one).includes(store)));

/**
 * The order of a fold: each store before all that it is computed from by their changes, and after
 * the groups that its rows are computed from.
 */
export const foldOrder = (stores: readonly StoreOf[]): readonly StoreOf[] =>
  inOrder(stores, ({ plan }) =>
    stores.filter(
      (one) =>
        (one.plan.rule === 'add' && belowOf(one.plan).includes(plan)) ||
        (plan.rule === 'regroup' && belowOf(plan).includes(one.plan)),
    ),
  );

/** Each store after all that it is computed from. */
export const fromBelow = (stores: readonly StoreOf[]): readonly StoreOf[] =>
  inOrder([...stores.filter(({ isBelow }) => isBelow).toReversed(), ...stores], ({ plan }) =>
    stores.filter((one) => belowOf(plan).includes(one.plan)),
  );

/** Each of the stores once, in their order, but after those that must come before it. */
function inOrder(
  stores: readonly StoreOf[],
  before: (store: StoreOf) => readonly StoreOf[],
): readonly StoreOf[] {
  const ordered = new Set<StoreOf>();
  const visit = (store: StoreOf): void => {
    if (ordered.has(store)) return;
    before(store).forEach(visit);
    ordered.add(store);
  };
  stores.forEach(visit);
  return [...ordered];
}

/**
 * The residual over the views of the stores. Rows that are stored for a while are of one moment,
 * and so is what is computed from them.
 */
export function residualQuery(subject: Subject, plan: Plan, { query }: Residual): Sql {
  const all = namesOfStores(subject.names, plan);
  const named = mapRelations(query, (relation) => {
    if (relation.kind !== 'table') return relation;
    const name = all[storeNumber(relation) - 1]?.live.name;
    if (name === undefined) throw new Error(`no store ${storeNumber(relation)}`);
    return { ...relation, schema: STORE_SCHEMA, name };
  });
  if (subject.live) return fragment(deparse(named));
  const frontier = `imat_catalog.frontier AS f WHERE f.imat_id = ${subject.id}`;
  const atFrontier: Expr = {
    kind: 'literal',
    sql: `(SELECT f.moment FROM ${frontier})`,
    span: null,
  };
  return fragment(deparse(mapExprs(named, (expr) => (isNow(expr) ? atFrontier : null))));
}
