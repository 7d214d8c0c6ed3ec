/**
 * From what the parser read to a tree of operators, step by step as SQL defines it:
 *
 *   FROM -> join, WHERE -> filter, GROUP BY and aggregates -> group, HAVING -> filter,
 *   SELECT -> project, DISTINCT -> distinct
 *
 * An ordinary view in FROM is lowered from its own query, as `derived`. Lowering judges nothing;
 * `rewrites/` make the tree simpler, and the planner says what cannot be maintained.
 */
import type { Aggregate, ColumnRef, Expr, TableItem } from '../../parser/tree.ts';
import { equalExpr, mapExpr, visit } from '../../parser/walk.ts';
import type { SourceFacts } from './facts.ts';
import type { AggregateCall, Column, ColumnId, Node, Output } from './node.ts';
import { columnsOf, mapReferences, reference } from './node.ts';
import type { PlainFrom, PlainQuery } from './plain-query.ts';

export type Reading = {
  readonly sources: ReadonlyMap<number, SourceFacts>;
  /** The queries of the ordinary views among the relations, by OID. */
  readonly views: ReadonlyMap<number, PlainQuery>;
};

export function lower(query: PlainQuery, reading: Reading): Node {
  return new Lowering(reading).query(query);
}

/**
 * Replaces a reference of the parser's tree, which names a relation of its query, by one of the
 * algebra.
 */
type Resolve = (expr: Expr) => Expr;

class Lowering {
  readonly #reading: Reading;
  #columns = 0;
  #occurrences = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  query(query: PlainQuery): Node {
    const relations = query.relations.map((relation) => this.#relation(relation));
    const resolve = resolverOf(relations);
    const inputs = query.from.map((item) => this.#fromItem(item, relations, resolve));
    const [only] = inputs;
    let node: Node =
      inputs.length === 1 && only !== undefined ? only : { op: 'join', inputs, conditions: [] };
    if (query.where !== null)
      node = { op: 'filter', input: node, conditions: conjuncts(resolve(query.where)) };
    const targets = query.targets.map(({ name, expr }) => ({ name, expr: resolve(expr) }));
    const having = query.having === null ? null : resolve(query.having);
    let above: Resolve = (expr) => expr;
    if (query.grouped) {
      const exprs = [...targets.map(({ expr }) => expr), ...(having === null ? [] : [having])];
      const grouping = this.#group(node, query.groupBy.map(resolve), exprs);
      node = grouping.node;
      above = grouping.above;
    }
    if (having !== null) node = { op: 'filter', input: node, conditions: [above(having)] };
    node = {
      op: 'project',
      input: node,
      outputs: targets.map(({ name, expr }) => this.#output(name, above(expr))),
    };
    return query.distinct ? { op: 'distinct', input: node } : node;
  }

  #relation(relation: TableItem): Node {
    const view = this.#reading.views.get(relation.oid);
    if (view !== undefined) {
      const { name, span } = relation;
      return { op: 'derived', input: this.query(view), name, span };
    }
    const source = this.#reading.sources.get(relation.oid);
    if (source === undefined)
      throw new Error(`no facts for relation ${relation.schema}.${relation.name}`);
    return {
      op: 'scan',
      source,
      number: ++this.#occurrences,
      label: relation.alias,
      columns: source.columns.map((facts) => ({ column: this.#column(facts.name), facts })),
      span: relation.span,
    };
  }

  #fromItem(item: PlainFrom, relations: readonly Node[], resolve: Resolve): Node {
    if (item.kind === 'relation') {
      const node = relations[item.relation];
      if (node === undefined) throw new Error(`no relation ${item.relation} in FROM`);
      return node;
    }
    const merged = (item.using ?? []).map(
      ({ left, right }): Expr => ({ kind: 'binary', op: '=', left, right, span: left.span }),
    );
    const own = item.on === null ? [] : conjuncts(item.on);
    return {
      op: 'join',
      inputs: [item.left, item.right].map((side) => this.#fromItem(side, relations, resolve)),
      conditions: [...own, ...merged].map(resolve),
    };
  }

  /**
   * `exprs` are what stands above the grouping; `above` rewrites one of them over the grouping's
   * columns.
   */
  #group(
    input: Node,
    groupBy: readonly Expr[],
    exprs: readonly Expr[],
  ): { readonly node: Node; readonly above: Resolve } {
    const known = distinctExprs(groupBy);
    const calls: Aggregate[] = [];
    const dependent: Expr[] = [];
    for (const expr of exprs) {
      visit(expr, (inner) => {
        if (known.some((key) => equalExpr(key, inner))) return false;
        if (inner.kind === 'aggregate') {
          if (!calls.some((call) => equalExpr(call, inner))) calls.push(inner);
          return false;
        }
        // PostgreSQL allows a column that is not grouped by if a primary key in GROUP BY determines
        // it: as one more key it changes no group.
        if (inner.kind === 'column') dependent.push(inner);
        return true;
      });
    }
    const keys = distinctExprs([...known, ...dependent]).map((expr) =>
      this.#output(expr.kind === 'column' ? expr.name : 'key', expr),
    );
    const aggregates = calls.map(
      (call): AggregateCall => ({
        column: this.#column(call.name, call.span),
        call,
        args: call.args.map((arg) => this.#output('argument', arg)),
      }),
    );
    return {
      node: { op: 'group', input, keys, aggregates },
      above: (expr) =>
        mapExpr(expr, (inner) => {
          const column =
            keys.find((key) => equalExpr(key.expr, inner))?.column ??
            aggregates.find(({ call }) => equalExpr(call, inner))?.column;
          return column === undefined ? null : reference(column, inner.span);
        }),
    };
  }

  #output(name: string, expr: Expr): Output {
    return { column: this.#column(name, expr.span), expr };
  }

  #column(name: string, span: Column['span'] = null): Column {
    this.#columns += 1;
    return { id: this.#columns as ColumnId, name, span };
  }
}

function resolverOf(relations: readonly Node[]): Resolve {
  const columns = relations.map(
    (node) => new Map(columnsOf(node).map((column) => [column.name, column])),
  );
  const resolved = (ref: ColumnRef): Expr => {
    const column = columns[ref.relation]?.get(ref.name);
    if (column === undefined)
      throw new Error(`relation ${ref.relation} has no column "${ref.name}"`);
    return reference(column, ref.span);
  };
  return (expr) => mapReferences(expr, resolved);
}

function conjuncts(expr: Expr): readonly Expr[] {
  return expr.kind === 'binary' && expr.op === 'AND'
    ? [...conjuncts(expr.left), ...conjuncts(expr.right)]
    : [expr];
}

function distinctExprs(exprs: readonly Expr[]): readonly Expr[] {
  return exprs.filter(
    (expr, index) => exprs.findIndex((other) => equalExpr(other, expr)) === index,
  );
}
