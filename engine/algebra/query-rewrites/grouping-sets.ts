/**
 * GROUPING SETS, ROLLUP and CUBE: one SELECT for each set, joined by UNION ALL. A key that is not
 * in a set is NULL there, and GROUPING says which those are.
 *
 * Right because SQL defines them so. Counter-example: a key inside an aggregate's argument, which
 * keeps its value in every set.
 */
import type { Expr, GroupItem, Query, Select } from '../../../parser/tree.ts';
import { equalExpr, mapExpr, mapQuery, visit } from '../../../parser/walk.ts';
import { freeNumber, keysIn, mapQueries, renumbered } from './relations.ts';

/** More sets than this are too many stores. */
const MAX_SETS = 32;

/**
 * `typeOf`: the type of a key, as NULL is cast to; null where it is not known. `first`: the first
 * number that no item of FROM has.
 */
export function expandGroupingSets(
  query: Query,
  first: number,
  typeOf: (key: Expr) => string | null,
): Query {
  let next = first;
  return mapQueries(query, (one) => {
    if (one.kind !== 'select' || !one.groupBy.some(isSets)) return one;
    const sets = setsOf(one.groupBy, one.groupDistinct);
    const keys = distinctOf(sets.flat());
    const types = keys.map((key) => typeOf(key));
    if (sets.length > MAX_SETS || types.includes(null) || hasClauses(one)) return one;
    const nulls = keys.map(
      (key, place): Expr => ({
        kind: 'cast',
        operand: { kind: 'literal', sql: 'NULL', span: key.span },
        type: types[place] ?? '',
        span: key.span,
      }),
    );
    const branches = sets.map((set) => {
      const copy = renumbered(branchOf(one, set, keys, nulls), next);
      next = Math.max(next, freeNumber(copy));
      return copy;
    });
    return branches.reduce((left, right) => ({
      kind: 'set_operation',
      op: 'UNION',
      all: true,
      left,
      right,
      recursive: false,
      ctes: [],
      orderBy: [],
      limit: null,
      locking: [],
      span: one.span,
    }));
  });
}

/** Whether a SELECT has what is evaluated over all of its sets together. */
const hasClauses = (query: Select): boolean =>
  query.distinct ||
  query.orderBy.length > 0 ||
  query.limit !== null ||
  query.ctes.length > 0 ||
  query.windows.length > 0 ||
  hasWindowOrQuery(query);

function hasWindowOrQuery(query: Select): boolean {
  let found = false;
  mapQuery(
    { ...query, ctes: [], relations: [], from: [], where: null },
    {
      expr: (expr) =>
        mapExpr(expr, (node) => {
          found ||= node.kind === 'window' || node.kind === 'sublink';
          return null;
        }),
    },
  );
  return found;
}

function hasAggregate({ targets, having }: Select): boolean {
  let found = false;
  for (const expr of [
    ...targets.map((target) => target.expr),
    ...(having === null ? [] : [having]),
  ])
    visit(expr, (node) => {
      found ||= node.kind === 'aggregate';
    });
  return found;
}

const isSets = (item: GroupItem): boolean =>
  item.kind === 'rollup' || item.kind === 'cube' || item.kind === 'sets' || item.kind === 'empty';

/** The keys of a SELECT with grouping sets; none of any other query. */
export const groupKeysOf = (query: Query): readonly Expr[] =>
  query.kind === 'select' && query.groupBy.some(isSets) ? query.groupBy.flatMap(keysIn) : [];

/** Every set of keys: the items of GROUP BY multiply. */
function setsOf(items: readonly GroupItem[], isDistinct: boolean): readonly (readonly Expr[])[] {
  const sets = items
    .map(setsOfItem)
    .reduce<readonly (readonly Expr[])[]>(
      (all, own) => all.flatMap((left) => own.map((right) => distinctOf([...left, ...right]))),
      [[]],
    );
  const isSame = (a: readonly Expr[], b: readonly Expr[]): boolean =>
    a.length === b.length && a.every((key) => b.some((other) => equalExpr(key, other)));
  return isDistinct
    ? sets.filter((set, at) => sets.findIndex((other) => isSame(set, other)) === at)
    : sets;
}

function setsOfItem(item: GroupItem): readonly (readonly Expr[])[] {
  switch (item.kind) {
    case 'expr':
      return [[item.expr]];
    case 'row':
      return [item.exprs];
    case 'empty':
      return [[]];
    case 'sets':
      return item.items.flatMap(setsOfItem);
    case 'rollup': {
      const parts = item.items.map((one) => setsOfItem(one)[0] ?? []);
      return [...parts.keys(), parts.length].toReversed().map((n) => parts.slice(0, n).flat());
    }
    case 'cube': {
      const parts = item.items.map((one) => setsOfItem(one)[0] ?? []);
      return Array.from({ length: 2 ** parts.length }, (_, bits) =>
        parts.filter((__, at) => ((bits >> (parts.length - 1 - at)) & 1) === 0).flat(),
      );
    }
  }
}

const distinctOf = (exprs: readonly Expr[]): readonly Expr[] =>
  exprs.filter((expr, at) => exprs.findIndex((other) => equalExpr(other, expr)) === at);

function branchOf(
  query: Select,
  set: readonly Expr[],
  keys: readonly Expr[],
  nulls: readonly Expr[],
): Select {
  const isIn = (key: Expr): boolean => set.some((one) => equalExpr(one, key));
  const replace = (expr: Expr): Expr =>
    mapExpr(expr, (node) => {
      if (node.kind === 'aggregate') return node;
      if (node.kind === 'grouping') return grouping(node.args, isIn);
      // A key of the set is what it is, also where another key is a part of it.
      if (isIn(node)) return node;
      const place = keys.findIndex((key) => equalExpr(key, node));
      return place < 0 ? null : (nulls[place] ?? null);
    });
  return {
    ...query,
    // Without a key and an aggregate it would be no grouping any more.
    groupBy:
      set.length === 0 && !hasAggregate(query)
        ? [{ kind: 'empty' }]
        : set.map((expr) => ({ kind: 'expr', expr })),
    groupDistinct: false,
    grouped: true,
    targets: query.targets.map(({ name, expr }) => ({ name, expr: replace(expr) })),
    having: query.having && replace(query.having),
  };
}

/** One bit for each argument, the first one highest: 1 where it is not in the set. */
function grouping(args: readonly Expr[], isIn: (key: Expr) => boolean): Expr {
  const bits = args.reduce((all, arg) => all * 2 + (isIn(arg) ? 0 : 1), 0);
  return {
    kind: 'cast',
    operand: { kind: 'literal', sql: String(bits), span: null },
    type: 'integer',
    span: null,
  };
}
