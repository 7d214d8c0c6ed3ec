/**
 * Conditions that read the time, where their columns come from: a condition over the columns of a
 * subquery in FROM is one of that subquery, of each branch of a union, and of the rows below groups
 * by what it reads. There it compares the columns of one table, and timed-items.ts knows it.
 *
 *   SELECT .. FROM (SELECT date(t) AS day, count(*) FROM o GROUP BY 1) d, .. WHERE day > now()
 *   SELECT .. FROM (SELECT date(t) AS day, count(*) FROM o WHERE date(t) > now() GROUP BY 1) d, ..
 *
 * Right because the subquery computes the rows that it shows with some values from rows with these
 * values alone (`decomposes`), and PostgreSQL moves conditions the same way. Counter-examples, which
 * stay: an item that an outer join can show as NULLs; a LIMIT; a window that is not within these
 * values; branches whose column has another type than the union's, which would be compared
 * otherwise.
 */
import type { ColumnRef, Expr, Query, Relation, Select } from '../../parser/tree.ts';
import { mapExpr, returnsSet, visit } from '../../parser/walk.ts';
import { readsNow } from '../algebra/timed.ts';
import { conjunction, conjuncts } from '../algebra/query-rewrites/relations.ts';
import { nullableIn } from './outline.ts';
import { decomposes, withoutJoinNames } from './lineage.ts';

/** The types of a query's columns. */
type TypesOf = (query: Query) => Promise<readonly string[]>;

/** The same object where nothing can be moved. */
export async function pushTime(query: Query, typesOf: TypesOf): Promise<Query> {
  if (query.kind === 'values') return query;
  if (query.kind === 'set_operation') {
    const left = await pushTime(query.left, typesOf);
    const right = await pushTime(query.right, typesOf);
    return left === query.left && right === query.right ? query : { ...query, left, right };
  }
  const moved = await pushedFrom(query, typesOf);
  const relations: Relation[] = [];
  for (const relation of moved.relations) {
    if (relation.kind !== 'subquery' || relation.lateral) relations.push(relation);
    else {
      const inner = await pushTime(relation.query, typesOf);
      relations.push(inner === relation.query ? relation : { ...relation, query: inner });
    }
  }
  const isSame = relations.every((relation, at) => relation === moved.relations[at]);
  return isSame ? moved : { ...moved, relations };
}

async function pushedFrom(query: Select, typesOf: TypesOf): Promise<Select> {
  const nullable = new Set(query.from.flatMap(nullableIn));
  const relations = [...query.relations];
  const kept: Expr[] = [];
  for (const written of conjuncts(query.where)) {
    const condition = readsNow(written) ? withoutJoinNames(written) : written;
    const item = readsNow(written) && !isMerged(written) ? itemOf(condition) : null;
    const place = item === null ? -1 : item - query.first;
    const relation = relations[place];
    const inner =
      relation?.kind !== 'subquery' || relation.lateral || nullable.has(item ?? 0)
        ? null
        : await within(relation.query, condition, namesOf(relation), typesOf);
    if (inner === null || relation?.kind !== 'subquery') kept.push(written);
    else relations[place] = { ...relation, query: inner };
  }
  return kept.length === conjuncts(query.where).length
    ? query
    : { ...query, relations, where: conjunction(kept) };
}

/** The item whose columns an expression reads, if it reads nothing else. */
function itemOf(expr: Expr): number | null {
  const items = new Set<number>();
  let isPlain = true;
  visit(expr, (node) => {
    if (node.kind === 'column') items.add(node.relation);
    isPlain &&= !OTHERS.has(node.kind);
  });
  const [item] = items;
  return isPlain && items.size === 1 ? (item ?? null) : null;
}

/** Whether it reads a column that USING merges, which may have another type than each of the two. */
function isMerged(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === 'join_column' && node.merged;
  });
  return found;
}

/** What reads more than the columns of a row. */
const OTHERS: ReadonlySet<Expr['kind']> = new Set(['sublink', 'whole_row', 'window', 'aggregate']);

function namesOf({ query, columnAliases }: Extract<Relation, { kind: 'subquery' }>): string[] {
  const names = (one: Query): readonly string[] =>
    one.kind === 'select'
      ? one.targets.map(({ name }) => name)
      : one.kind === 'values'
        ? []
        : names(one.left);
  return names(query).map((name, place) => columnAliases[place] ?? name);
}

/** A query with a condition over its columns, which it knows by these names; null if it cannot. */
async function within(
  query: Query,
  condition: Expr,
  names: readonly string[],
  typesOf: TypesOf,
): Promise<Query | null> {
  if (query.limit !== null || query.locking.length > 0 || query.kind === 'values') return null;
  const places = placesIn(condition, names);
  if (places === null) return null;
  if (query.kind === 'select') return withinSelect(query, condition, names, places);
  if (query.op !== 'UNION') return null;
  const types = await typesOf(query);
  const branches: Query[] = [];
  for (const branch of [query.left, query.right]) {
    const own = await typesOf(branch);
    if (places.some((place) => own[place] !== types[place])) return null;
    const inner = await within(branch, condition, names, typesOf);
    if (inner === null) return null;
    branches.push(inner);
  }
  const [left = query.left, right = query.right] = branches;
  return { ...query, left, right };
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
  if (!isOwn) return null;
  const moved = mapExpr(condition, (node) =>
    node.kind === 'column' ? (query.targets[names.indexOf(node.name)]?.expr ?? null) : null,
  );
  return { ...query, where: conjunction([...conjuncts(query.where), moved]) };
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
