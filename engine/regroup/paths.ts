/**
 * Which keys a changed row of a table touches: the table holds the key itself, or its rows matter
 * only together with rows of other tables, step by step up to one that holds it.
 *
 *   touched by D_i   SELECT key FROM D_i, P1, .., Pm WHERE c1 AND .. AND cm
 *
 * with D_i the pending rows of both signs and P1 .. Pm the tables as they are now. No rows from
 * before are needed: if a row on the path has gone, it is pending itself, and its own path is the
 * rest of this one (the proof is in docs/decisions/0050-regroup.md). Conditions may be left out,
 * because then more keys are touched; none may be added. A condition that fails for rows which the
 * definition does not ask it of is left out.
 *
 * P1 .. Pm can be constant items as well (constant-items.ts): a series of days leads from a changed
 * row to the days that its conditions let it meet, equal or not.
 */
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { mapExpr, visit } from '../../parser/walk.ts';
import type { Holder } from './classes.ts';
import { memberOf } from './classes.ts';
import type { KeyFacts } from './key-facts.ts';
import { decomposesAt, lineageOf, plainColumn } from './lineage.ts';
import type { Block, Outline } from './outline.ts';
import { tablesOf } from './outline.ts';

/** Conditions without which rows of item `from` matter to nothing; they read `to` as well. */
type Step = { readonly from: number; readonly to: number; readonly conditions: readonly Expr[] };

/** The items and conditions from a changed row to the key, a column of the last one. */
export type Path = {
  /** A table or an item that moves, and after it tables and constant items. */
  readonly tables: readonly number[];
  readonly conditions: readonly Expr[];
  readonly key: Expr;
};

/**
 * How the rows of each table, and of items that move with the time, touch keys; null where a
 * changed row may matter to every key.
 */
export function pathsOf(
  outline: Outline,
  moving: ReadonlySet<number>,
  holders: readonly Holder[],
  facts: KeyFacts,
): ReadonlyMap<number, Path | null> {
  const steps = stepsOf(outline, facts);
  const changing = [...tablesOf(outline).map(({ number }) => number), ...moving];
  return new Map(changing.map((number) => [number, pathFrom(number, holders, steps)] as const));
}

/** The shortest path, the first one found among equals. */
function pathFrom(start: number, holders: readonly Holder[], steps: readonly Step[]): Path | null {
  const seen = new Set([start]);
  let front: readonly Omit<Path, 'key'>[] = [{ tables: [start], conditions: [] }];
  while (front.length > 0) {
    for (const path of front) {
      const key = holders.find(({ item }) => item === path.tables.at(-1))?.expr;
      if (key !== undefined) return { ...path, key };
    }
    front = front.flatMap(({ tables, conditions }) =>
      steps.flatMap(({ from, to, conditions: more }) => {
        if (from !== tables.at(-1) || seen.has(to)) return [];
        seen.add(to);
        return [{ tables: [...tables, to], conditions: [...conditions, ...more] }];
      }),
    );
  }
  return null;
}

function stepsOf(outline: Outline, facts: KeyFacts): readonly Step[] {
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
    if (!facts.isSafe(expr, block)) return [];
    const read = readsOf(expr);
    if (read === null) return [];
    const [a, b, ...others] = new Set(read.map(({ relation }) => relation));
    if (a === undefined || b === undefined || others.length > 0) return [];
    const isStrict = isComparison(expr);
    /** NULLs of an outer join could meet a condition that is not strict. */
    const isThere = (number: number): boolean =>
      isStrict || (own.has(number) ? present.has(number) : isNeverNull(outline, number));
    return [
      [a, b],
      [b, a],
    ].flatMap(([from = 0, to = 0]) => {
      if (!filtered.has(from) || !isThere(to)) return [];
      const condition = overTables(outline, expr);
      if (condition === null) return [];
      const [one, two] = [tableOf(condition, from), tableOf(condition, to)];
      return one === null || two === null || one === two
        ? []
        : [{ from: one, to: two, conditions: [condition.expr] }];
    });
  });
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
function readsOf(expr: Expr): readonly ColumnRef[] | null {
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

type OverTables = { readonly expr: Expr; readonly tables: ReadonlyMap<number, number | null> };

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
