/**
 * From what the parser read to a tree of operators, step by step as SQL defines it:
 *
 *   FROM -> join and apply, WHERE -> filter, set-returning functions -> apply,
 *   GROUP BY and aggregates -> group, HAVING -> filter, SELECT -> project, DISTINCT -> distinct,
 *   UNION ALL -> unionAll
 *
 * Functions and VALUES in FROM are applied to the join of everything else, in the order in which
 * they are written, so that each sees what stands before it.
 *
 * An ordinary view in FROM is lowered from its own query, as `derived`. Lowering judges nothing;
 * `rewrites/` make the tree simpler, and the planner says what cannot be maintained.
 */
import type { Aggregate, ColumnRef, Expr, FunctionItem, TableItem } from '../../parser/tree.ts';
import { equalExpr, mapExpr, returnsSet, visit } from '../../parser/walk.ts';
import type { SourceFacts } from './facts.ts';
import { conjuncts } from './query-rewrites/relations.ts';
import type {
  AggregateCall,
  AppliedRows,
  Apply,
  Column,
  ColumnId,
  Node,
  Output,
  Stored,
} from './node.ts';
import { columnsOf, mapApplied, mapReferences, reference } from './node.ts';
import type {
  PlainFrom,
  PlainQuery,
  PlainRelation,
  PlainSelect,
  PlainUnion,
  PlainValues,
} from './plain-query.ts';

export type Reading = {
  readonly sources: ReadonlyMap<number, SourceFacts>;
  /** The queries of the ordinary views among the relations, by OID. */
  readonly views: ReadonlyMap<number, PlainQuery>;
  /** The queries whose rows another store holds, by the OID that stands for it. */
  readonly stored: ReadonlyMap<number, StoredRows>;
};

/** A query whose rows another store holds. */
export type StoredRows = Pick<Stored, 'query' | 'sources'>;

export function lower(query: PlainQuery, reading: Reading): Node {
  return new Lowering(reading).query(query);
}

/**
 * Replaces a reference of the parser's tree, which names a relation of its query, by one of the
 * algebra.
 */
type Resolve = (expr: Expr) => Expr;

/** An item of FROM: rows of its own, or what is applied to the others. */
type Item = {
  readonly node: Node | null;
  readonly apply: Omit<Apply, 'input'> | null;
  readonly columns: readonly Column[];
};

class Lowering {
  readonly #reading: Reading;
  #columns = 0;
  #occurrences = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  query(query: PlainQuery): Node {
    return query.kind === 'select' ? this.#select(query) : this.#union(query);
  }

  #select(query: PlainSelect): Node {
    const items = query.relations.map((relation) => this.#relation(relation));
    const resolve = resolverOf(items.map(({ columns }) => columns));
    let node = this.#from(query, items, resolve);
    if (query.where !== null)
      node = { op: 'filter', input: node, conditions: conjuncts(resolve(query.where)) };
    const named = query.targets.map(({ name, expr }) => ({ name, expr: resolve(expr) }));
    const by = query.groupBy.map(resolve);
    const sets = this.#sets(node, query.grouped ? by : named.map(({ expr }) => expr));
    node = sets.node;
    const targets = named.map(({ name, expr }) => ({ name, expr: sets.above(expr) }));
    const having = query.having === null ? null : resolve(query.having);
    let above: Resolve = (expr) => expr;
    if (query.grouped) {
      const exprs = [...targets.map(({ expr }) => expr), ...(having === null ? [] : [having])];
      const grouping = this.#group(node, by.map(sets.above), exprs);
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

  #union({ left, right }: PlainUnion): Node {
    const inputs = [left, right].map((one) => this.query(one));
    const [first] = inputs.map(columnsOf);
    const columns = (first ?? []).map(({ name }) => this.#column(name));
    const union: Node = {
      op: 'unionAll',
      inputs,
      columns: columns.map((column) => ({ column, facts: null, collations: [] })),
      number: ++this.#occurrences,
    };
    return { op: 'project', input: union, outputs: this.#renamed(columns, []) };
  }

  /** The columns under other names, as many as there are. */
  #renamed(columns: readonly Column[], names: readonly string[]): readonly Output[] {
    return columns.map((column, index) =>
      this.#output(names[index] ?? column.name, reference(column)),
    );
  }

  #from(query: PlainSelect, items: readonly Item[], resolve: Resolve): Node {
    const nodes = items.flatMap(({ node }) => node ?? []);
    if (nodes.length === items.length)
      return joined(
        query.from.map((item) => this.#fromItem(item, nodes, resolve)),
        [],
      );
    const applied = items.flatMap(({ apply }) => apply ?? []);
    const node = applied.reduce<Node>(
      (input, one) => ({ ...one, input, rows: mapApplied(one.rows, resolve) }),
      joined(nodes, []),
    );
    const conditions = query.from.flatMap(conditionsOf).map(resolve);
    return conditions.length === 0 ? node : { op: 'filter', input: node, conditions };
  }

  /** Set-returning functions in SELECT or GROUP BY: they run after WHERE, all in step. */
  #sets(input: Node, exprs: readonly Expr[]): { readonly node: Node; readonly above: Resolve } {
    const sets = distinctExprs(exprs.filter(returnsSet));
    if (sets.length === 0) return { node: input, above: (expr) => expr };
    const outputs = sets.map((expr) => this.#output('set', expr));
    return {
      node: {
        op: 'apply',
        input,
        rows: { kind: 'select', exprs: sets },
        columns: outputs.map(({ column }) => ({ column, facts: null })),
        number: ++this.#occurrences,
        label: 'set',
        span: sets[0]?.span ?? null,
      },
      above: (expr) =>
        mapExpr(expr, (inner) => {
          const found = outputs.find((one) => equalExpr(one.expr, inner));
          return found === undefined ? null : reference(found.column, inner.span);
        }),
    };
  }

  #relation(relation: PlainRelation): Item {
    switch (relation.kind) {
      case 'table': {
        const node = this.#table(relation);
        return { node, apply: null, columns: columnsOf(node) };
      }
      case 'subquery': {
        const input = this.query(relation.query);
        const outputs = this.#renamed(columnsOf(input), relation.columnAliases);
        const node: Node = { op: 'project', input, outputs };
        return { node, apply: null, columns: columnsOf(node) };
      }
      case 'function': {
        const { functions, ordinality, columnAliases } = relation;
        const described = functions.flatMap((one) => one.definitions.map(({ name }) => name));
        const names = [...columnAliases, ...described.slice(columnAliases.length)];
        return this.#applied(relation, names, { kind: 'functions', functions, ordinality });
      }
      case 'values': {
        const { rows, columnAliases } = relation;
        const names = (rows[0] ?? []).map(
          (_, index) => columnAliases[index] ?? `column${index + 1}`,
        );
        return this.#applied(relation, names, { kind: 'values', rows });
      }
    }
  }

  #applied(
    { alias: label, span }: FunctionItem | PlainValues,
    names: readonly string[],
    rows: AppliedRows,
  ): Item {
    const columns = names.map((name) => this.#column(name));
    const typed = columns.map((column) => ({ column, facts: null }));
    const number = ++this.#occurrences;
    return {
      node: null,
      apply: { op: 'apply', rows, columns: typed, number, label, span },
      columns,
    };
  }

  #table(relation: TableItem): Node {
    const view = this.#reading.views.get(relation.oid);
    if (view !== undefined) {
      const { name, span } = relation;
      return { op: 'derived', input: this.query(view), name, span };
    }
    const source = this.#reading.sources.get(relation.oid);
    if (source === undefined)
      throw new Error(`no facts for relation ${relation.schema}.${relation.name}`);
    const columns = source.columns.map((facts) => ({ column: this.#column(facts.name), facts }));
    const rows = this.#reading.stored.get(relation.oid);
    if (rows !== undefined) return { op: 'stored', ...rows, columns, number: ++this.#occurrences };
    return {
      op: 'scan',
      source,
      number: ++this.#occurrences,
      label: relation.alias,
      columns,
      timed: [],
      span: relation.span,
    };
  }

  #fromItem(item: PlainFrom, relations: readonly Node[], resolve: Resolve): Node {
    if (item.kind === 'relation') {
      const node = relations[item.relation];
      if (node === undefined) throw new Error(`no relation ${item.relation} in FROM`);
      return node;
    }
    return {
      op: 'join',
      inputs: [item.left, item.right].map((side) => this.#fromItem(side, relations, resolve)),
      conditions: ownConditions(item).map(resolve),
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
        args: argumentsOf(call).map((arg) => this.#output('argument', arg)),
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

const joined = (inputs: readonly Node[], conditions: readonly Expr[]): Node => {
  const [only] = inputs;
  return inputs.length === 1 && only !== undefined ? only : { op: 'join', inputs, conditions };
};

function ownConditions(item: Extract<PlainFrom, { kind: 'join' }>): readonly Expr[] {
  const merged = (item.using ?? []).map(
    ({ left, right }): Expr => ({ kind: 'binary', op: '=', left, right, span: left.span }),
  );
  return [...(item.on === null ? [] : conjuncts(item.on)), ...merged];
}

const conditionsOf = (item: PlainFrom): readonly Expr[] =>
  item.kind === 'relation'
    ? []
    : [...conditionsOf(item.left), ...conditionsOf(item.right), ...ownConditions(item)];

function resolverOf(relations: readonly (readonly Column[])[]): Resolve {
  const columns = relations.map((own) => new Map(own.map((column) => [column.name, column])));
  const resolved = (ref: ColumnRef): Expr => {
    const column = columns[ref.relation]?.get(ref.name);
    if (column === undefined)
      throw new Error(`relation ${ref.relation} has no column "${ref.name}"`);
    return reference(column, ref.span);
  };
  return (expr) => mapReferences(expr, resolved);
}

/** Different rows are told apart by their fields. */
function argumentsOf({ args, distinct }: Aggregate): readonly Expr[] {
  const [only] = args;
  return distinct && args.length === 1 && only?.kind === 'row' ? only.items : args;
}

function distinctExprs(exprs: readonly Expr[]): readonly Expr[] {
  return exprs.filter(
    (expr, index) => exprs.findIndex((other) => equalExpr(other, expr)) === index,
  );
}
