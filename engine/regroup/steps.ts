/**
 * Which rows of a definition's tables matter to nothing without which others: the conditions of its
 * SELECTs, between two tables or on one alone.
 */
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { mapExpr, visit } from '../../parser/walk.ts';
import { memberOf } from './classes.ts';
import type { KeyFacts } from './key-facts.ts';
import { decomposesAt, lineageOf, plainColumn } from './lineage.ts';
import type { Block, Outline } from './outline.ts';

/** Conditions without which rows of item `from` matter to nothing; they read `to` as well. */
export type Step = {
  readonly from: number;
  readonly to: number;
  readonly conditions: readonly Expr[];
};

/** The conditions on each table alone without which its rows matter to nothing. */
export function filtersOf(outline: Outline, facts: KeyFacts): ReadonlyMap<number, readonly Expr[]> {
  const found = new Map<number, Expr[]>();
  for (const block of outline.blocks)
    for (const { expr, filtered } of block.conditions) {
      const [item, ...others] = new Set(readsOf(expr)?.map(({ relation }) => relation));
      if (item === undefined || others.length > 0 || !filtered.has(item)) continue;
      const condition = facts.isSafe(expr, block) ? overTables(outline, expr) : null;
      const table = condition === null ? null : tableOf(condition, item);
      if (condition === null || table === null) continue;
      if (outline.items.get(table)?.relation.kind !== 'table') continue;
      found.set(table, [...(found.get(table) ?? []), condition.expr]);
    }
  return found;
}

export function stepsOf(outline: Outline, facts: KeyFacts): readonly Step[] {
  return outline.blocks.flatMap((block) => narrowed(outline, stepsIn(outline, block, facts)));
}

/**
 * A step to a constant item takes all conditions between the two: one bound of a series alone would
 * touch half of its keys. Each holds for the two rows if they matter to anything.
 */
function narrowed(outline: Outline, steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => {
    if (outline.items.get(step.to)?.isConstant !== true) return step;
    const same = steps.filter(({ from, to }) => from === step.from && to === step.to);
    return { ...step, conditions: same.flatMap(({ conditions }) => conditions) };
  });
}

function stepsIn(outline: Outline, block: Block, facts: KeyFacts): readonly Step[] {
  const { query, conditions } = block;
  return conditions.flatMap(({ expr, filtered, present }) => {
    const own = new Set(query.relations.map((_, index) => query.first + index));
    const member = memberOf(expr);
    if (member !== null) return memberSteps(outline, member);
    const read = readsOf(expr);
    if (read === null) return [];
    const [a, b, ...others] = new Set(read.map(({ relation }) => relation));
    if (a === undefined || b === undefined || others.length > 0) return [];
    const isSafe = facts.isSafe(expr, block);
    /** NULLs of an outer join could meet a condition that is not strict. */
    const isThere = (number: number): boolean =>
      isComparison(expr) || (own.has(number) ? present.has(number) : isNeverNull(outline, number));
    return [
      [a, b],
      [b, a],
    ].flatMap(([from = 0, to = 0]) => {
      if (!filtered.has(from)) return [];
      const solved = facts.solvedFor(expr, to);
      if (solved !== null) return stepBetween(outline, solved, from, to);
      return isSafe && isThere(to) ? stepBetween(outline, expr, from, to) : [];
    });
  });
}

/** The step that a condition over two items of FROM is between the tables that they stand for. */
export function stepBetween(
  outline: Outline,
  expr: Expr,
  from: number,
  to: number,
): readonly Step[] {
  const condition = overTables(outline, expr);
  if (condition === null) return [];
  const [one, two] = [tableOf(condition, from), tableOf(condition, to)];
  return one === null || two === null || one === two
    ? []
    : [{ from: one, to: two, conditions: [condition.expr] }];
}

const isNeverNull = ({ items }: Outline, number: number): boolean =>
  items.get(number)?.isNullable === false;

/**
 * `column IN (SELECT column ...)`: rows of the query matter only to rows that they equal, unless it
 * chooses among them (LIMIT, DISTINCT ON).
 */
function memberSteps(
  outline: Outline,
  { left, query, shown }: NonNullable<ReturnType<typeof memberOf>>,
): readonly Step[] {
  if (!decomposesAt(query, 0)) return [];
  const to = lineageOf(outline, left);
  return shown.flatMap((column) => {
    const from = lineageOf(outline, column);
    const item = outline.items.get(column.relation);
    if (to === null || from === null || item === undefined || item.isNullable) return [];
    const condition: Expr = { kind: 'binary', op: '=', left: from, right: to, span: null };
    return [{ from: from.relation, to: to.relation, conditions: [condition] }];
  });
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<', '>', '<=', '>=', '<>']);

/** A comparison of two columns, which is NULL where one of them is. */
export const isComparison = (expr: Expr): boolean =>
  expr.kind === 'binary' &&
  COMPARISONS.has(expr.op) &&
  plainColumn(expr.left) !== null &&
  plainColumn(expr.right) !== null;

/** What is not computed from columns of one row; an aggregate can be that of a query around. */
const OF_MORE_ROWS: ReadonlySet<Expr['kind']> = new Set([
  'sublink',
  'whole_row',
  'aggregate',
  'grouping',
  'window',
]);

/** The columns that a condition reads; null if it reads more than columns. */
export function readsOf(expr: Expr): readonly ColumnRef[] | null {
  const found: ColumnRef[] = [];
  let isPlain = true;
  visit(expr, (node) => {
    const column = plainColumn(node);
    if (column !== null) {
      found.push(column);
      return false;
    }
    isPlain &&= !OF_MORE_ROWS.has(node.kind);
    return true;
  });
  return isPlain ? found : null;
}

type OverTables = {
  readonly expr: Expr;
  readonly tables: ReadonlyMap<number, number | null>;
};

/**
 * A condition over the columns of tables and constant items, and the one that stands for each item
 * of FROM; null where a column is of neither.
 */
function overTables(outline: Outline, expr: Expr): OverTables | null {
  const tables = new Map<number, number | null>();
  let isKnown = true;
  const mapped = mapExpr(expr, (node) => {
    const column = plainColumn(node);
    if (column === null) return null;
    const lineage = lineageOf(outline, column);
    if (lineage === null) isKnown = false;
    else {
      const known = tables.get(column.relation);
      const isOne = known === undefined || known === lineage.relation;
      tables.set(column.relation, isOne ? lineage.relation : null);
    }
    return lineage;
  });
  return isKnown ? { expr: mapped, tables } : null;
}

const tableOf = ({ tables }: OverTables, item: number): number | null => tables.get(item) ?? null;
