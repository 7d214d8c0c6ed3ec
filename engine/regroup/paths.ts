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
 * definition does not ask it of is left out. The conditions on one table alone are asked as well: a
 * change of a draft touches nothing where only paid orders are counted.
 *
 * P1 .. Pm can be constant items as well (constant-items.ts): a series of days leads from a changed
 * row to the days that its conditions let it meet, equal or not.
 */
import type { Expr } from '../../parser/tree.ts';
import type { Holder } from './classes.ts';
import type { KeyFacts } from './key-facts.ts';
import type { Outline } from './outline.ts';
import { tablesOf } from './outline.ts';
import type { Reduction } from './reductions.ts';
import { reductionsOf, stepsInto } from './reductions.ts';
import type { Step } from './steps.ts';
import { filtersOf, stepsOf } from './steps.ts';

/** The items and conditions from a changed row to the key, a column of the last one. */
export type Path = {
  /** A table or an item that moves, and after it tables and constant items. */
  readonly tables: readonly number[];
  /** Each between two of them. */
  readonly conditions: readonly Expr[];
  /** Each on one of them, a table: its other rows matter to nothing. */
  readonly filters: readonly Expr[];
  /** Of the first one. */
  readonly reductions: readonly Reduction[];
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
  const filters = filtersOf(outline, facts);
  const into = stepsInto(outline, facts);
  const changing = [...tablesOf(outline).map(({ number }) => number), ...moving];
  return new Map(
    changing.map((number) => {
      const path = pathFrom(number, holders, steps);
      if (path === null) return [number, null] as const;
      const own = path.tables.flatMap((item) => filters.get(item) ?? []);
      const reductions = reductionsOf(number, path.tables, [...steps, ...into], filters, facts);
      return [number, { ...path, filters: own, reductions }] as const;
    }),
  );
}

/** The shortest path, the first one found among equals. */
function pathFrom(
  start: number,
  holders: readonly Holder[],
  steps: readonly Step[],
): Omit<Path, 'filters' | 'reductions'> | null {
  const seen = new Set([start]);
  let front: readonly Pick<Path, 'tables' | 'conditions'>[] = [{ tables: [start], conditions: [] }];
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
