/**
 * `USING (x) AS u` and `(a JOIN b ..) AS j`: a column under the join's name is the column that it
 * stands for.
 *
 * For a merged column of an inner join that is either side, since both are equal, but only where
 * both have one type in which equal values are the same. Counter-examples: int and bigint, where
 * the merged column is a cast; numeric 1.0 and 1.00, of which the left one is shown; a FULL JOIN,
 * where the left side can be missing.
 */
import type { Expr, FromItem, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import type { SourceFacts } from '../facts.ts';
import { isInner, mapQueries, tablesIn } from './relations.ts';

export function replaceJoinColumns(query: Query, sources: ReadonlyMap<number, SourceFacts>): Query {
  const tables = tablesIn(query);
  const typeOf = (expr: Expr): string | null => {
    if (expr.kind === 'join_column') return typeOf(expr.target);
    if (expr.kind !== 'column') return null;
    const table = tables.get(expr.relation);
    const columns = sources.get(table?.oid ?? 0)?.columns ?? [];
    const place = table?.columnAliases.indexOf(expr.name) ?? -1;
    const found = place >= 0 ? columns[place] : columns.find((one) => one.name === expr.name);
    return found === undefined ? null : `${found.type} ${found.collation ?? ''}`;
  };
  /** The merged columns whose two sides have one type, as text of what they stand for. */
  const merged = new Set<string>();
  mapQueries(query, (one) => {
    if (one.kind === 'select') for (const item of one.from) collect(item, typeOf, merged);
    return one;
  });
  const replaced = mapExprs(query, (node) => {
    if (node.kind !== 'join_column') return null;
    const target = targetOf(node, merged);
    return target && { ...target, span: node.span };
  });
  return mapQueries(replaced, (one) =>
    one.kind === 'select' ? { ...one, from: one.from.map((item) => withoutNames(item)) } : one,
  );
}

const keyOf = (expr: Expr): string =>
  JSON.stringify(expr, (key, value: unknown) => (key === 'span' ? undefined : value));

function collect(item: FromItem, typeOf: (expr: Expr) => string | null, merged: Set<string>): void {
  if (item.kind === 'relation') return;
  collect(item.left, typeOf, merged);
  collect(item.right, typeOf, merged);
  if (item.type !== 'inner') return;
  for (const { left, right } of item.using ?? [])
    if (typeOf(left) !== null && typeOf(left) === typeOf(right)) merged.add(keyOf(left));
}

/** What a join's column stands for, down to a column; null where it is more than that. */
function targetOf(expr: Expr, merged: ReadonlySet<string>): Expr | null {
  if (expr.kind === 'column') return expr;
  if (expr.kind !== 'join_column') return null;
  return expr.merged && !merged.has(keyOf(expr.target)) ? null : targetOf(expr.target, merged);
}

function withoutNames(item: FromItem): FromItem {
  if (item.kind === 'relation' || !isInner(item)) return item;
  return {
    ...item,
    left: withoutNames(item.left),
    right: withoutNames(item.right),
    usingAlias: null,
    alias: null,
    columnAliases: [],
  };
}
