/**
 * Tables without a row of which a changed row matters to nothing, found by their primary keys:
 * where only some parts are reported on, the lines of other parts touch no key (semi-join
 * reduction).
 *
 *   WHERE EXISTS (SELECT FROM part p WHERE p.id = l.part AND ..)
 *     OR l.part IN (SELECT id FROM <pending rows of part> WHERE ..)
 *
 * Unlike the tables of a path they are asked as they are and as they were, so no order among them
 * is needed: orders may be kept to parts, and parts lead to keys through orders.
 */
import type { Expr } from '../../parser/tree.ts';
import { memberOf } from './classes.ts';
import type { KeyFacts } from './key-facts.ts';
import { decomposesAt, lineageOf } from './lineage.ts';
import type { Block, Condition, Outline } from './outline.ts';
import { isComparison, readsOf, type Step, stepBetween } from './steps.ts';

export type Reduction = {
  /** The first one is met by the changed row, each other one by one of those before it. */
  readonly tables: readonly number[];
  readonly conditions: readonly Expr[];
  /** What a row of the first one must be, of both. */
  readonly met: { readonly equalities: readonly Expr[]; readonly filters: readonly Expr[] };
};

/** Of a chain; each is one index lookup for a changed row, and takes time to plan. */
const MOST_TABLES = 2;

/** Those of the rows of a table, not among tables that are asked anyway. */
export function reductionsOf(
  start: number,
  asked: readonly number[],
  steps: readonly Step[],
  filters: ReadonlyMap<number, readonly Expr[]>,
  facts: KeyFacts,
): readonly Reduction[] {
  const met = (from: number, seen: readonly number[]): readonly Reduction[] => {
    if (seen.length > MOST_TABLES) return [];
    const next = [...new Set(steps.flatMap((step) => (step.from === from ? [step.to] : [])))];
    return next.flatMap((to) => {
      const equal = steps.flatMap((step) =>
        step.from === from && step.to === to ? step.conditions.filter(isEquality) : [],
      );
      const own = filters.get(to) ?? [];
      if (asked.includes(to) || seen.includes(to) || !facts.hasKeyIn(to, equal)) return [];
      const further = met(to, [...seen, to]);
      if (own.length === 0 && further.length === 0) return [];
      return [
        {
          tables: [to, ...further.flatMap(({ tables }) => tables)],
          conditions: [...equal, ...own, ...further.flatMap(({ conditions }) => conditions)],
          met: { equalities: equal, filters: own },
        },
      ];
    });
  };
  return met(start, [start]);
}

const isEquality = (expr: Expr): boolean =>
  expr.kind === 'binary' && expr.op === '=' && isComparison(expr);

/**
 * The steps from rows around a query into it: rows that are kept only if `column IN (SELECT ..)` or
 * `EXISTS (SELECT ..)` holds matter to nothing without a row there.
 */
export const stepsInto = (outline: Outline, facts: KeyFacts): readonly Step[] =>
  outline.blocks.flatMap(({ conditions }) =>
    conditions.flatMap((condition) => [
      ...intoMembers(outline, condition),
      ...intoExisting(outline, condition, facts),
    ]),
  );

function intoMembers(outline: Outline, { expr, filtered }: Condition): readonly Step[] {
  const member = memberOf(expr);
  const [shown, ...others] = member?.shown ?? [];
  if (member === null || shown === undefined || others.length > 0) return [];
  if (!filtered.has(member.left.relation) || !decomposesAt(member.query, 0)) return [];
  const [from, to] = [lineageOf(outline, member.left), lineageOf(outline, shown)];
  const isNullable = outline.items.get(shown.relation)?.isNullable !== false;
  if (from === null || to === null || isNullable) return [];
  const equal: Expr = { kind: 'binary', op: '=', left: from, right: to, span: null };
  return [{ from: from.relation, to: to.relation, conditions: [equal] }];
}

function intoExisting(
  outline: Outline,
  { expr, filtered }: Condition,
  facts: KeyFacts,
): readonly Step[] {
  if (expr.kind !== 'sublink' || expr.form !== 'exists' || expr.query.kind !== 'select') return [];
  const { query } = expr;
  if (query.grouped || query.limit !== null || query.having !== null) return [];
  const inner = outline.blocks.find((block) => block.query === query);
  return (inner?.conditions ?? []).flatMap((condition) =>
    inner === undefined ? [] : outwards(outline, inner, condition, filtered, facts),
  );
}

/**
 * The step that a condition within EXISTS is, from a row around it. A table that an outer join
 * there can show as NULLs need not have a row.
 */
function outwards(
  outline: Outline,
  block: Block,
  { expr, filtered }: Condition,
  around: ReadonlySet<number>,
  facts: KeyFacts,
): readonly Step[] {
  if (!isEquality(expr) || !facts.isSafe(expr, block)) return [];
  const read = [...new Set((readsOf(expr) ?? []).map(({ relation }) => relation))];
  const from = read.find((item) => around.has(item));
  const isThere = (item: number): boolean => outline.items.get(item)?.isNullable === false;
  const to = read.find((item) => filtered.has(item) && isThere(item));
  return read.length !== 2 || from === undefined || to === undefined
    ? []
    : stepBetween(outline, expr, from, to);
}
