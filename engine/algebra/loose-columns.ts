/**
 * Uses of columns whose values stand for others that are equal and not the same: a group key of
 * numeric shows 1.0 or 1.00, and a store keeps the one that came first, whose row may have gone.
 *
 *   as it is   shown, compared, grouped, ordered or counted by: equal values do the same there
 *   computed   `n::text`, `sum(n)`, `scale(n)`: 1.0 and 1.00 give different results
 *
 * Only the first is right over a store of such keys. Counter-example, which is no use of one: the
 * rows of a query without groups, which are told apart by their bytes.
 */
import type { Expr, Query, Relation, Select, TableItem } from '../../parser/tree.ts';
import { children, mapQuery } from '../../parser/walk.ts';

export type StoredColumn = { readonly name: string; readonly isLoose: boolean };

/** Whether a query computes something from a loose column; `columnsOf`: those of its tables. */
export function computesFromLoose(
  query: Query,
  columnsOf: (relation: TableItem) => readonly StoredColumn[],
): boolean {
  const uses = new LooseUses(columnsOf);
  uses.query(query);
  return uses.isComputed;
}

const COMPARISONS: ReadonlySet<string> = new Set(
  '=|<>|<|<=|>|>=|IS DISTINCT FROM|IS NOT DISTINCT FROM'.split('|'),
);

class LooseUses {
  isComputed = false;
  readonly #columnsOf: (relation: TableItem) => readonly StoredColumn[];
  /** The loose columns of items of FROM, by their numbers. */
  readonly #loose = new Map<number, ReadonlySet<string>>();

  constructor(columnsOf: (relation: TableItem) => readonly StoredColumn[]) {
    this.#columnsOf = columnsOf;
  }

  /** Which of the query's columns are loose, by place. */
  query(query: Query): readonly boolean[] {
    switch (query.kind) {
      case 'values':
        return [];
      case 'set_operation': {
        const [left, right] = [this.query(query.left), this.query(query.right)];
        return left.map((isLoose, place) => isLoose || right[place] === true);
      }
      case 'select':
        return this.#select(query);
    }
  }

  #select(query: Select): readonly boolean[] {
    for (const [index, relation] of query.relations.entries()) {
      const names = this.#columnsIn(relation).flatMap(({ name, isLoose }, place) =>
        isLoose ? [relation.columnAliases[place] ?? name] : [],
      );
      this.#loose.set(query.first + index, new Set(names));
    }
    mapQuery(query, {
      expr: (expr) => {
        this.#whole(expr);
        return expr;
      },
    });
    return query.targets.map(({ expr }) => this.#isLoose(expr));
  }

  #columnsIn(relation: Relation): readonly StoredColumn[] {
    if (relation.kind === 'table') return this.#columnsOf(relation);
    if (relation.kind !== 'subquery') return [];
    const names = namesOf(relation.query);
    return this.query(relation.query).map((isLoose, place) => ({
      name: names[place] ?? '',
      isLoose,
    }));
  }

  #isLoose(expr: Expr): boolean {
    if (expr.kind === 'join_column') return this.#isLoose(expr.target);
    if (expr.kind === 'column') return this.#loose.get(expr.relation)?.has(expr.name) === true;
    return expr.kind === 'whole_row' && (this.#loose.get(expr.relation)?.size ?? 0) > 0;
  }

  /** Where a column may stand as it is. */
  #whole(expr: Expr): void {
    const isColumn = expr.kind === 'column' || expr.kind === 'whole_row';
    if (expr.kind === 'join_column') this.#whole(expr.target);
    else if (!isColumn) this.#parts(expr);
  }

  #within(expr: Expr): void {
    if (this.#isLoose(expr)) this.isComputed = true;
    this.#parts(expr);
  }

  #parts(expr: Expr): void {
    switch (expr.kind) {
      case 'sublink':
        return this.#sublink(expr);
      case 'window':
        for (const arg of expr.args) this.#within(arg);
        if (expr.filter !== null) this.#whole(expr.filter);
        if (typeof expr.over === 'string') return;
        for (const one of expr.over.partitionBy) this.#whole(one);
        for (const { expr: one } of expr.over.orderBy) this.#whole(one);
        return;
      default:
        for (const child of children(expr))
          if (keepsEqual(expr)) this.#whole(child);
          else this.#within(child);
    }
  }

  #sublink({ form, left, op, query }: Extract<Expr, { kind: 'sublink' }>): void {
    const isLoose = this.query(query).includes(true);
    const isCompared = form === 'exists' || COMPARISONS.has(op ?? '');
    if (isLoose && !isCompared) this.isComputed = true;
    if (left === null) return;
    if (isCompared) this.#whole(left);
    else this.#within(left);
  }
}

/** Whether a node has the same result for equal values of what it reads. */
function keepsEqual(expr: Expr): boolean {
  switch (expr.kind) {
    case 'binary':
      return COMPARISONS.has(expr.op);
    case 'unary':
      return expr.op === 'IS NULL' || expr.op === 'IS NOT NULL';
    case 'aggregate':
      return expr.schema === null && expr.name === 'count';
    default:
      return expr.kind === 'grouping';
  }
}

function namesOf(query: Query): readonly string[] {
  if (query.kind === 'values') return [];
  return query.kind === 'select' ? query.targets.map(({ name }) => name) : namesOf(query.left);
}
