/**
 * The key by which the rows of a definition are computed again: an expression over one table, by
 * which the definition decomposes. One column is enough, because a coarser key is right as well.
 *
 * A key is better the more tables hold it, and the shorter the paths from the others.
 */
import type { Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr } from '../../parser/walk.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import { valueOf } from '../algebra/query-rewrites/select.ts';
import type { Holder } from './classes.ts';
import { canMissPartner, holdersOf, itemOf } from './classes.ts';
import type { KeyFacts } from './key-facts.ts';
import {
  decomposes,
  decomposesAt,
  firstSelect,
  groupKeys,
  partitionOf,
  plainColumn,
  windowsOf,
} from './lineage.ts';
import type { Outline } from './outline.ts';
import { outlineOf, tablesOf } from './outline.ts';
import type { Path } from './paths.ts';
import { pathsOf } from './paths.ts';

type Sources = ReadonlyMap<number, SourceFacts>;

export type KeyPlan = {
  /** The definition, in which the key is a column. */
  readonly query: Query;
  readonly outline: Outline;
  /** The key's place among the columns. */
  readonly place: number;
  /** The key as the definition says it. */
  readonly expr: Expr;
  readonly holders: readonly Holder[];
  /** By the number of an item that changes; null where a change of it may touch every key. */
  readonly paths: ReadonlyMap<number, Path | null>;
  /** Whether rows can have NULL as their key because an outer join found no partner. */
  readonly isNullable: boolean;
  /** Whether it is a column of a primary key, by which an index finds few rows. */
  readonly isPrimary: boolean;
};

/**
 * Every key by which the query decomposes, the best first. `hiddenName`: what the key is called
 * where the query does not show it. `constants`: the items that nobody writes to, those included
 * that have moved with the time. `factsOf`: what the types of an outline's columns tell.
 */
export function keyPlans(
  query: Query,
  hiddenName: (expr: Expr) => string,
  given: {
    readonly constants: ReadonlySet<number>;
    readonly moved: ReadonlySet<number>;
    readonly sources: Sources;
  },
  factsOf: (outline: Outline) => KeyFacts,
): readonly KeyPlan[] {
  const plans = candidates(query, hiddenName, given.sources).flatMap((one): KeyPlan[] => {
    const outline = outlineOf(one.query, given.constants);
    const facts = factsOf(outline);
    const holders = holdersOf(outline, one.query, one.place, facts);
    if (holders === null || holders.length === 0) return [];
    const paths = pathsOf(outline, given.moved, holders, facts);
    if (tablesOf(outline).every(({ number }) => (paths.get(number) ?? null) === null)) return [];
    const isNullable = canMissPartner(outline, one.query, one.place);
    const isPrimary = query.kind === 'select' && isIn(primaryKeys(query, given.sources), one.expr);
    return [{ ...one, outline, holders, paths, isNullable, isPrimary }];
  });
  return plans.toSorted((a, b) => costOf(a) - costOf(b));
}

/** Smaller is better: tables that touch every key, that are read whole, joins to the key. */
function costOf({ outline, holders, paths, isNullable }: KeyPlan): number {
  const held = new Set(holders.map(({ item }) => item));
  const costs = tablesOf(outline).map(({ number }) => {
    const path = paths.get(number) ?? null;
    if (path === null) return 100;
    return (held.has(number) ? 0 : 5) + path.conditions.length;
  });
  return costs.reduce((all, one) => all + one, isNullable ? 20 : 0);
}

type Candidate = { readonly query: Query; readonly place: number; readonly expr: Expr };

function candidates(
  query: Query,
  hiddenName: (expr: Expr) => string,
  sources: Sources,
): readonly Candidate[] {
  switch (query.kind) {
    case 'values':
      return [];
    case 'set_operation': {
      const first = firstOf(query);
      return (first?.targets ?? []).map(({ expr }, place) => ({ query, place, expr }));
    }
    case 'select':
      return keysOf(query, sources)
        .filter((expr) => decomposes(query, expr))
        .flatMap((expr) => shown(query, expr, hiddenName));
  }
}

const firstOf = (query: Query): Select | null =>
  query.kind === 'select' ? query : query.kind === 'values' ? null : firstOf(query.left);

/** The query with the key among its columns. */
function shown(query: Select, expr: Expr, hiddenName: (expr: Expr) => string): Candidate[] {
  const place = query.targets.findIndex((target) => equalExpr(target.expr, expr));
  if (place >= 0) return [{ query, place, expr }];
  // One more column would tell rows apart that are one.
  if (query.distinct && query.distinctOn.length === 0) return [];
  const targets = [...query.targets, { name: hiddenName(expr), expr }];
  return [{ query: { ...query, targets }, place: query.targets.length, expr }];
}

/** Expressions that could be keys. */
function keysOf(query: Select, sources: Sources): readonly Expr[] {
  const [window] = windowsOf(query);
  const found = query.grouped
    ? groupKeys(query)
    : query.distinctOn.length > 0
      ? query.distinctOn
      : window !== undefined
        ? partitionOf(query, window)
        : [
            ...query.targets.map(({ expr }) => expr),
            ...joinedColumns(query),
            ...mergedColumns(query),
            ...keysOfSubqueries(query),
            ...primaryKeys(query, sources),
          ];
  const single = found.filter((expr) => itemOf(expr) !== null || isMerged(expr));
  return single.filter((expr, at) => single.findIndex((one) => equalExpr(one, expr)) === at);
}

const isIn = (exprs: readonly Expr[], expr: Expr): boolean =>
  exprs.some((one) => equalExpr(one, expr));

const isMerged = (expr: Expr): boolean =>
  (expr.kind === 'join_column' && expr.merged) ||
  (expr.kind === 'keyword' && expr.name === 'COALESCE');

/** Columns that a query compares with others: the joins of its FROM, and of queries within. */
function joinedColumns(query: Select): readonly Expr[] {
  const own = new Set(query.relations.map((_, index) => query.first + index));
  return outlineOf(query).blocks.flatMap(({ conditions }) =>
    conditions.flatMap(({ expr }) => {
      if (expr.kind === 'sublink') return expr.left === null ? [] : ownColumns([expr.left], own);
      return expr.kind === 'binary' && expr.op === '='
        ? ownColumns([expr.left, expr.right], own)
        : [];
    }),
  );
}

/** Columns of subqueries in FROM by which these decompose, whether the query shows them or not. */
const keysOfSubqueries = ({ first, relations }: Select): readonly Expr[] =>
  relations.flatMap((relation, index) => {
    if (relation.kind !== 'subquery' || relation.lateral) return [];
    const { query, columnAliases } = relation;
    return (firstSelect(query)?.targets ?? []).flatMap(({ name, expr }, place): Expr[] =>
      plainColumn(expr) !== null && decomposesAt(query, place)
        ? [valueOf(first + index, columnAliases[place] ?? name)]
        : [],
    );
  });

/** Columns of primary keys: few rows have the same value, and an index finds them. */
const primaryKeys = ({ first, relations }: Select, sources: Sources): readonly Expr[] =>
  relations.flatMap((relation, index) => {
    if (relation.kind !== 'table') return [];
    const columns = sources.get(relation.oid)?.columns ?? [];
    return columns.flatMap(({ name, isInPrimaryKey }, place): Expr[] =>
      isInPrimaryKey ? [valueOf(first + index, relation.columnAliases[place] ?? name)] : [],
    );
  });

/** What USING would show of FULL JOINs in FROM: the column of the side that is there. */
const mergedColumns = (query: Select): readonly Expr[] =>
  (outlineOf(query).blocks.find((block) => block.query === query)?.fullJoins ?? []).map(
    ({ sides }): Expr => ({ kind: 'keyword', name: 'COALESCE', args: sides, span: null }),
  );

const ownColumns = (exprs: readonly Expr[], own: ReadonlySet<number>): readonly Expr[] =>
  exprs.flatMap((expr) => {
    const column = plainColumn(expr);
    return column !== null && own.has(column.relation) ? [column] : [];
  });
