/**
 * Conditions that read the time, where their columns come from: a condition over the columns of a
 * subquery in FROM is one of that subquery, of each branch of a union, and of the rows below groups
 * by what it reads. There it compares the columns of one table, and timed-items.ts knows it.
 *
 *   SELECT .. FROM (SELECT date(t) AS day, count(*) FROM o GROUP BY 1) d, .. WHERE day > now()
 *   SELECT .. FROM (SELECT date(t) AS day, count(*) FROM o WHERE date(t) > now() GROUP BY 1) d,
 *   ..
 *
 * Right because the subquery computes the rows that it shows with some values from rows with these
 * values alone (`decomposes`), and PostgreSQL moves conditions the same way. Counter-examples that
 * stay: an item that an outer join can show as NULLs; a LIMIT; a window that is not within these
 * values; branches whose column has another type or collation than the union's, and is compared
 * otherwise; a collation that is written where another one is (`x COLLATE "C" < .. COLLATE "de"`).
 */
import type { ColumnRef, Expr, Query, Select } from '../../parser/tree.ts';
import { outputNames } from '../../parser/scope.ts';
import { children, mapExpr, returnsSet, visit } from '../../parser/walk.ts';
import { readsNow, readsNowInBody } from '../algebra/moments.ts';
import { conjunction, conjuncts } from '../algebra/query-rewrites/relations.ts';
import { nullableIn } from './outline.ts';
import { decomposes, windowsOf, withoutJoinNames } from './lineage.ts';

/** The types of a query's columns, with their collations; none where they are not known. */
type TypesOf = (query: Query) => readonly string[];

/** The same object where nothing can be moved. `typesOf` is asked of those of `unionsIn`. */
export function pushTime(query: Query, typesOf: TypesOf): Query {
  if (query.kind === 'values') return query;
  if (query.kind === 'set_operation') {
    const [left, right] = [pushTime(query.left, typesOf), pushTime(query.right, typesOf)];
    return left === query.left && right === query.right ? query : { ...query, left, right };
  }
  const moved = pushedFrom(query, typesOf);
  const relations = moved.relations.map((relation) => {
    if (relation.kind !== 'subquery' || relation.lateral) return relation;
    const inner = pushTime(relation.query, typesOf);
    return inner === relation.query ? relation : { ...relation, query: inner };
  });
  const isSame = relations.every((relation, at) => relation === moved.relations[at]);
  return isSame ? moved : { ...moved, relations };
}

/** The unions to which a condition may be moved, and their branches: none refers to its outside. */
export function unionsIn(query: Query): readonly Query[] {
  switch (query.kind) {
    case 'values':
      return [];
    case 'set_operation': {
      const { left, right } = query;
      const own = query.op === 'UNION' ? [query, left, right] : [];
      return [...new Set([...own, ...unionsIn(left), ...unionsIn(right)])];
    }
    case 'select':
      return query.relations.flatMap((relation) =>
        relation.kind === 'subquery' && !relation.lateral ? unionsIn(relation.query) : [],
      );
  }
}

function pushedFrom(query: Select, typesOf: TypesOf): Select {
  const nullable = new Set(query.from.flatMap(nullableIn));
  const written = conjuncts(query.where);
  const relations = [...query.relations];
  const moved = new Set<Expr>();
  for (const [place, relation] of relations.entries()) {
    const number = query.first + place;
    if (relation.kind !== 'subquery' || relation.lateral || nullable.has(number)) continue;
    const names = outputNames(relation.query, relation.columnAliases);
    const own = written.filter((one) => itemOf(one) === number);
    // Together, because a query that was changed is none whose types are known.
    for (const some of own.length < 2 ? [own] : [own, ...own.map((one) => [one])]) {
      const condition = conjunction(some.map(withoutJoinNames));
      const inner = condition && within(relation.query, condition, names, typesOf);
      if (inner === null) continue;
      relations[place] = { ...relation, query: inner };
      for (const one of some) moved.add(one);
      break;
    }
  }
  const where = conjunction(written.filter((one) => !moved.has(one)));
  return moved.size === 0 ? query : { ...query, relations, where };
}

/**
 * The item whose columns an expression reads beside the time, if it reads nothing else. A column
 * that USING merges may have another type than each of the two.
 */
function itemOf(expr: Expr): number | null {
  if (!readsNow(expr) || readsNowInBody(expr)) return null;
  const items = new Set<number>();
  let isPlain = true;
  visit(expr, (node) => {
    if (node.kind === 'column') items.add(node.relation);
    isPlain &&= !OTHERS.has(node.kind) && !(node.kind === 'join_column' && node.merged);
  });
  const [item] = items;
  return isPlain && items.size === 1 ? (item ?? null) : null;
}

/** What reads more than the columns of a row. */
const OTHERS: ReadonlySet<Expr['kind']> = new Set(['sublink', 'whole_row', 'window', 'aggregate']);

/** A query with a condition over its columns, which it knows by these names; null if it cannot. */
function within(
  query: Query,
  condition: Expr,
  names: readonly string[],
  typesOf: TypesOf,
): Query | null {
  if (query.limit !== null || query.locking.length > 0 || query.kind === 'values') return null;
  const places = placesIn(condition, names);
  if (places === null) return null;
  if (query.kind === 'select') return withinSelect(query, condition, names, places);
  const [types, ...branches] = [query, query.left, query.right].map(typesOf);
  const isSame = places.every((place) =>
    branches.every((own) => own[place] !== undefined && own[place] === types?.[place]),
  );
  if (query.op !== 'UNION' || !isSame || !(query.all || isPlainTest(condition))) return null;
  const left = within(query.left, condition, names, typesOf);
  const right = left && within(query.right, condition, names, typesOf);
  return left && right && { ...query, left, right };
}

function withinSelect(
  query: Select,
  condition: Expr,
  names: readonly string[],
  places: readonly number[],
): Query | null {
  const exprs = places.map((place) => query.targets[place]?.expr);
  const isOwn = exprs.every(
    (expr) => expr !== undefined && isOfRows(expr) && decomposes(query, expr),
  );
  if (!isOwn || !(isOfSingleRows(query) || isPlainTest(condition))) return null;
  if (isCollated(condition) && exprs.some((expr) => expr !== undefined && isCollated(expr)))
    return null;
  const moved = mapExpr(condition, (node) =>
    node.kind === 'column' ? (query.targets[names.indexOf(node.name)]?.expr ?? null) : null,
  );
  return { ...query, where: conjunction([...conjuncts(query.where), moved]) };
}

/** Whether each row that it shows is one of FROM. */
const isOfSingleRows = (query: Select): boolean =>
  !query.grouped && !query.distinct && query.distinctOn.length === 0 && !windowsOf(query).length;

/**
 * Whether columns are only compared, by operators for which equal values are the same: of a group
 * they are one value then. Counter-examples: `k COLLATE "C" < ..`, `k::text < ..` for a numeric.
 */
function isPlainTest(expr: Expr): boolean {
  if (expr.kind === 'column') return false;
  const isPlain = (side: Expr): boolean => side.kind === 'column' || isPlainTest(side);
  if (expr.kind === 'unary' && /^IS (NOT )?NULL$/.test(expr.op)) return isPlain(expr.operand);
  if (expr.kind !== 'binary' || !TESTS.has(expr.op)) return children(expr).every(isPlainTest);
  return isPlain(expr.left) && isPlain(expr.right);
}

const TESTS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

function isCollated(expr: Expr): boolean {
  let found = false;
  visit(expr, ({ kind }) => {
    found ||= kind === 'collate';
  });
  return found;
}

/** Whether WHERE can have the expression. */
function isOfRows(expr: Expr): boolean {
  let isPlain = !returnsSet(expr);
  visit(expr, (node) => {
    isPlain &&= !OTHERS.has(node.kind) && node.kind !== 'grouping';
  });
  return isPlain;
}

function placesIn(condition: Expr, names: readonly string[]): readonly number[] | null {
  const columns: ColumnRef[] = [];
  visit(condition, (node) => {
    if (node.kind === 'column') columns.push(node);
  });
  const places = [...new Set(columns.map(({ name }) => names.indexOf(name)))];
  return places.includes(-1) ? null : places;
}
