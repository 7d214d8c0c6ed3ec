/**
 * An order that leaves rows equal is completed by what tells the rows apart, so that there is one
 * right answer: in LIMIT, DISTINCT ON, windows (complete-windows.ts), aggregates and ARRAY
 * subqueries.
 *
 * Right because every answer with a completed order is one that the query may give. Counter-
 * examples, which stay: FETCH .. WITH TIES and RANGE or GROUPS frames (rows that are equal there
 * belong together), LIMIT in EXISTS (any row will do), the ORDER BY of an aggregate that takes any
 * order, and an aggregate over a CTE that is sorted by something else than its columns.
 */
import { deparseExpr } from '../../../parser/deparse.ts';
import type {
  Aggregate,
  Expr,
  Query,
  Select,
  Sort,
  Sublink,
  SubqueryItem,
} from '../../../parser/tree.ts';
import { equalExpr, mapExpr, mapQuery, returnsSet } from '../../../parser/walk.ts';
import type { PlanReason } from '../reason.ts';
import { completeWindow } from './complete-windows.ts';
import { missingOf, reads } from './determined.ts';
import type { Orders } from './orders.ts';
import { note, sorted } from './orders.ts';
import type { Block, Ctes, OrderFacts } from './row-keys.ts';
import { blockOf, withCtes } from './row-keys.ts';
import { decisiveOrder, mindsOrder, takesInputOrder, withSortColumns } from './sort-columns.ts';

export type CompletedOrders = {
  readonly query: Query;
  /** What was completed, as sentences without a full stop. */
  readonly notes: readonly string[];
  /** What could not be. */
  readonly reasons: readonly PlanReason[];
};

export function completeOrders(query: Query, facts: OrderFacts): CompletedOrders {
  const completer = new Completer(facts);
  const completed = completer.query(query, new Map(), 'rows');
  return {
    query: completer.notes.length === 0 ? query : completed,
    notes: [...new Set(completer.notes)],
    reasons: completer.reasons,
  };
}

class Completer {
  readonly notes: string[] = [];
  readonly reasons: PlanReason[] = [];
  readonly #facts: OrderFacts;

  constructor(facts: OrderFacts) {
    this.#facts = facts;
  }

  query(query: Query, around: Ctes, use: Use): Query {
    const ctes = withCtes(query, around);
    const kept = query.recursive ? query.ctes : null;
    const expr = (one: Expr): Expr =>
      mapExpr(one, (node) =>
        node.kind === 'sublink'
          ? {
              ...node,
              left: node.left && expr(node.left),
              query: this.query(node.query, ctes, useIn(node)),
            }
          : null,
      );
    const mapped = mapQuery(kept === null ? query : { ...query, ctes: [] }, {
      expr,
      query: (inner) => this.query(inner, ctes, 'rows'),
    });
    const whole = kept === null ? mapped : { ...mapped, ctes: kept };
    if (whole.kind === 'select') return this.#select(whole, ctes, use);
    return whole.kind === 'set_operation' ? this.#setOperation(whole, use) : whole;
  }

  /** The order is by the numbers of output columns. */
  #setOperation(query: Extract<Query, { kind: 'set_operation' }>, use: Use): Query {
    const isLimited = isChosen(query, use) && query.limit?.withTies === false;
    if (!isLimited && use !== 'array') return query;
    const numbers = widthOf(query).map(
      (_, index): Expr => ({ kind: 'literal', sql: String(index + 1), span: null }),
    );
    const missing = numbers.filter(
      (one) => !query.orderBy.some((sort) => equalExpr(sort.expr, one)),
    );
    if (missing.length === 0) return query;
    this.notes.push(
      query.orderBy.length === 0
        ? 'LIMIT of a set operation takes its rows in the order of its columns'
        : 'ties in the ORDER BY of a set operation are broken by its other columns',
    );
    return { ...query, orderBy: [...query.orderBy, ...missing.map(sorted)] };
  }

  #select(given: Select, ctes: Ctes, use: Use): Select {
    const select = withSortColumns(given, use === 'array');
    const orders = this.#ordersOf(blockOf(select, this.#facts, ctes));
    const expr = (one: Expr): Expr =>
      mapExpr(one, (node) => {
        if (node.kind === 'window') return completeWindow(node, orders);
        return node.kind === 'aggregate' ? completeAggregate(node, orders, ctes) : null;
      });
    const own = {
      ...select,
      targets: select.targets.map((target) => ({ ...target, expr: expr(target.expr) })),
      having: select.having && expr(select.having),
      orderBy: select.orderBy.map((sort) => ({ ...sort, expr: expr(sort.expr) })),
      distinctOn: select.distinctOn.map(expr),
    };
    return {
      ...own,
      orderBy: completeRows(own, orders, use, use === 'array' ? inputOrder(select, ctes) : 'any'),
    };
  }

  #ordersOf(block: Block): Orders {
    const { select, determine } = block;
    return {
      block,
      missing: (key, fixed) => key && missingOf(key, fixed, determine).map(sorted),
      text: (exprs) => textOf(exprs, select),
      note: (text) => void this.notes.push(text),
      fail: (what, expr) =>
        void this.reasons.push({
          kind: 'unspecified_order',
          message: `${what} leaves the order of some rows open, and it cannot be completed`,
          hint: 'Add columns to the ORDER BY until no two rows are equal in all of them.',
          span: expr?.span ?? null,
        }),
    };
  }
}

/**
 * What a query's rows are for: whether there is one, an array, which shows their order, or else.
 */
type Use = 'existence' | 'array' | 'rows';

const useIn = ({ form }: Sublink): Use =>
  form === 'exists' ? 'existence' : form === 'array' ? 'array' : 'rows';

/** Whether a limit chooses among rows: without an order any of them, of which one is as good. */
const isChosen = ({ limit, orderBy }: Query, use: Use): boolean =>
  limit !== null && (orderBy.length > 0 || use !== 'existence');

function widthOf(query: Query): readonly unknown[] {
  switch (query.kind) {
    case 'select':
      return query.targets;
    case 'set_operation':
      return widthOf(query.left);
    case 'values':
      return query.rows[0] ?? [];
  }
}

function textOf(exprs: readonly Expr[], select: Select): string {
  const column = (ref: { readonly relation: number; readonly name: string }): string => {
    const alias = select.relations[ref.relation - select.first]?.alias;
    return alias === undefined ? ref.name : `${alias}.${ref.name}`;
  };
  const print = (expr: Expr): string =>
    deparseExpr(expr, column, { query: () => 'subquery', wholeRow: () => 'row' })
      .replaceAll('pg_catalog.', '')
      .replaceAll(/\s+/g, ' ');
  return exprs.map(print).join(', ');
}

/**
 * The ORDER BY of the rows themselves. `input` is the order in which an ARRAY subquery reads them;
 * `any` in any other query.
 */
function completeRows(
  select: Select,
  orders: Orders,
  use: Use,
  input: readonly Sort[] | null | 'any',
): readonly Sort[] {
  const { distinctOn, limit } = select;
  const isArray = input !== 'any';
  const isOpen = isArray && select.orderBy.length === 0 && distinctOn.length === 0;
  if (isOpen && input === null) {
    orders.fail('ARRAY of a sorted subquery', null);
    return select.orderBy;
  }
  const orderBy = isOpen && !select.distinct ? (input ?? []) : select.orderBy;
  const chooses = distinctOn.length > 0;
  const isLimited = isChosen(select, use);
  if (!chooses && !isLimited && !isArray) return orderBy;
  if (limit?.withTies === true && !chooses && limit.offset === null) return orderBy;
  const sets = select.targets.map(({ expr }) => expr).filter(returnsSet);
  const isPlainDistinct = select.distinct && !chooses;
  const { rowKey } = orders.block;
  const key = isPlainDistinct
    ? select.targets.map(({ expr }) => expr)
    : rowKey && [...rowKey, ...sets];
  const first = distinctOn
    .filter((expr) => !orderBy.some((sort) => equalExpr(sort.expr, expr)))
    .map(sorted);
  const fixed = [...orderBy, ...first];
  const rest = orders.missing(
    key,
    fixed.map(({ expr }) => expr),
  );
  const what = chooses ? 'DISTINCT ON' : isArray && !isLimited ? 'ARRAY' : 'LIMIT';
  if (rest === null || (limit?.withTies === true && rest.length > 0)) {
    orders.fail(`the ORDER BY of ${what}`, distinctOn[0] ?? orderBy[0]?.expr ?? null);
    return select.orderBy;
  }
  if (rest.length === 0 && orderBy === select.orderBy) return orderBy;
  note(orders, what, fixed, rest);
  return [...fixed, ...rest];
}

function completeAggregate(node: Aggregate, orders: Orders, ctes: Ctes): Aggregate | null {
  const { select, sourceKey } = orders.block;
  if (!mindsOrder(node)) return null;
  const own = new Set(select.relations.map((_, index) => select.first + index));
  // Over columns of a query around it is an aggregate of that query.
  if (!node.args.some((arg) => reads(arg, own))) return null;
  const groups = select.groupBy.flatMap((item) =>
    item.kind === 'expr' ? [item.expr] : item.kind === 'row' ? item.exprs : [],
  );
  const before = takesInputOrder(node) ? inputOrder(select, ctes) : node.orderBy;
  if (before === null) {
    orders.fail(`${node.name}, which reads a sorted subquery,`, node);
    return null;
  }
  const added = orders.missing(node.distinct ? node.args : sourceKey, [
    ...before.map(({ expr }) => expr),
    ...(node.distinct ? [] : groups),
  ]);
  if (added === null) {
    orders.fail(`aggregate "${node.name}"`, node);
    return null;
  }
  if (added.length === 0 && before === node.orderBy) return null;
  note(orders, node.name, before, added);
  return { ...node, orderBy: [...before, ...added] };
}

/**
 * The order of what an aggregate reads, in its columns: that of a subquery which is all of FROM.
 * Null for an order by something else.
 */
function inputOrder(select: Select, ctes: Ctes): readonly Sort[] | null {
  const [item, ...others] = select.relations;
  const inner =
    item?.kind === 'cte'
      ? ctes.get(item.name)
      : item?.kind === 'subquery'
        ? (item satisfies SubqueryItem).query
        : undefined;
  if (item === undefined || inner === undefined || others.length > 0) return [];
  const order = decisiveOrder(inner);
  const found = order.map((sort) => placeOf(sort, inner));
  if (found.some((place) => place < 0)) return null;
  const own = inner.kind === 'select' ? inner.targets.map(({ name }) => name) : [];
  const names = own.map((name, index) => item.columnAliases[index] ?? name);
  if (found.some((place) => names[place] === undefined)) return null;
  return order.map((sort, index) => ({
    ...sort,
    expr: {
      kind: 'column',
      relation: select.first,
      name: names[found[index] ?? 0] ?? '',
      span: null,
    },
  }));
}

const placeOf = (sort: Sort, inner: Query): number =>
  inner.kind === 'select' ? inner.targets.findIndex((one) => equalExpr(one.expr, sort.expr)) : -1;
