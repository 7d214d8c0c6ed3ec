/** Asks the server for the types by which constant items are told and joined to tables. */
import type { ColumnRef, Expr, Query } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import { eachQuery } from '../algebra/query-rewrites/relations.ts';
import type { DerivedColumn } from '../algebra/query-rewrites/row-keys.ts';
import type { Db } from '../db/db.ts';
import { itemOf } from '../regroup/classes.ts';
import { closedItems, constantItems } from '../regroup/constant-items.ts';
import type { MovingItem } from '../regroup/moving-items.ts';
import { movesWithTime, movingItems } from '../regroup/moving-items.ts';
import type { ExprTypes } from '../regroup/key-facts.ts';
import { factsOf } from '../regroup/key-facts.ts';
import { plainColumn } from '../regroup/lineage.ts';
import type { Outline } from '../regroup/outline.ts';
import { outlineOf } from '../regroup/outline.ts';
import { typesIn } from './marked-types.ts';

export type Constants = {
  /** The items whose rows never change, or with the time alone, by number. */
  readonly constants: ReadonlySet<number>;
  /** Those among them that change with the time. */
  readonly moving: readonly MovingItem[];
  /** The OID of the type of such an item's column. */
  readonly oidOf: (ref: ColumnRef) => number | null;
  /** Of columns of such items, and of what conditions compare by `=`. */
  readonly typeOf: ExprTypes;
};

export async function constantsIn(
  db: Db,
  query: Query,
  sources: ReadonlyMap<number, SourceFacts>,
): Promise<Constants> {
  const outline = outlineOf(query);
  const closed = closedItems(query);
  const read = columnsOf(query, outline, new Set(closed.keys()));
  const isAsked = (expr: Expr): boolean => {
    const column = plainColumn(expr);
    return itemOf(expr) !== null && (column === null || factsOf(outline, sources, column) === null);
  };
  const typeOf = await typesIn(
    db,
    query,
    null,
    (node) =>
      node.kind === 'binary' && node.op === '=' ? [node.left, node.right].filter(isAsked) : [],
    read,
  );
  const oidOf = (ref: ColumnRef): number | null =>
    closed.has(ref.relation) ? (typeOf(ref)?.oid ?? null) : null;
  const constants = constantItems(closed, oidOf);
  const columns = read.map(({ column }) => ({
    item: column.relation,
    name: column.name,
    facts: typeOf(column),
  }));
  const known = new Map([...closed].filter(([item]) => constants.has(item)));
  const moving = movingItems(query, known, columns);
  const steady = [...known].filter(([, relation]) => !movesWithTime(relation));
  return {
    constants: new Set([...steady.map(([item]) => item), ...moving.map(({ item }) => item)]),
    moving,
    oidOf,
    typeOf,
  };
}

/** The columns of some items that a query reads. */
function columnsOf(
  query: Query,
  { items }: Outline,
  wanted: ReadonlySet<number>,
): readonly DerivedColumn[] {
  const found = new Map<string, DerivedColumn>();
  const see = (node: Expr): null => {
    const item = node.kind === 'column' ? items.get(node.relation) : undefined;
    if (node.kind === 'column' && item?.isHidden === false && wanted.has(node.relation)) {
      const column: ColumnRef = { ...node, span: null };
      found.set(`${node.relation} ${node.name}`, { select: item.block.query, column });
    }
    return null;
  };
  eachQuery(query, (one) => void mapExprs(one, see));
  return [...found.values()];
}
