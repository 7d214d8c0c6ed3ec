/** What only the types of columns tell about keys and conditions. */
import type { ColumnRef, Expr } from '../../parser/tree.ts';
import { canFail } from '../algebra/can-fail.ts';
import type { ColumnFacts, SourceFacts } from '../algebra/facts.ts';
import { solvedFor } from '../algebra/solved.ts';
import { readsNow } from '../algebra/moments.ts';
import { plainColumn, targetOf, withoutJoinNames } from './lineage.ts';
import type { Block, Outline } from './outline.ts';

/** What is known of the type of an expression that is no column of a table. */
export type ExprTypes = (expr: Expr) => ColumnFacts | null;

export type KeyFacts = {
  /** Whether two values can stand for each other as a key: one type, and one equality. */
  readonly same: (a: Expr, b: Expr) => boolean;
  /**
   * Whether an expression of a SELECT can be computed for all rows of its tables. One that can fail
   * (a division, a cast of text) may be kept by conditions from the rows for which it does. One
   * that reads the time had another value when the row was stored.
   */
  readonly isSafe: (expr: Expr, block: Block) => boolean;
  /** An equality as one that gives a column of an item of FROM (algebra/solved.ts); or null. */
  readonly solvedFor: (expr: Expr, item: number) => Expr | null;
  /** Whether equalities give all columns of a table's primary key. */
  readonly hasKeyIn: (item: number, equalities: readonly Expr[]) => boolean;
};

export function keyFacts(
  outline: Outline,
  sources: ReadonlyMap<number, SourceFacts>,
  typeOf: ExprTypes,
): KeyFacts {
  const of = (expr: Expr): ColumnFacts | null => {
    const column = plainColumn(expr);
    if (column === null) return typeOf(expr);
    return factsOf(outline, sources, column) ?? typeOf(expr) ?? typeOf(column);
  };
  return {
    same: (a, b) => {
      const [left, right] = [of(a), of(b)];
      return (
        left !== null &&
        right !== null &&
        left.oid === right.oid &&
        left.collation === right.collation &&
        left.hasPlainEquality &&
        left.sortable
      );
    },
    isSafe: (expr, block) =>
      !readsNow(expr) && (isComputedForAll(block) || !canFail(expr, (ref) => of(ref)?.oid ?? null)),
    solvedFor: (expr, item) =>
      solvedFor(
        withoutJoinNames(expr),
        ({ relation }) => relation === item,
        (column) => of(column)?.oid ?? null,
      ),
    hasKeyIn: (item, equalities) => {
      const relation = outline.items.get(item)?.relation;
      const columns = relation?.kind === 'table' ? sources.get(relation.oid)?.columns : undefined;
      const key = columns?.filter(({ isInPrimaryKey }) => isInPrimaryKey) ?? [];
      const given = new Set(equalities.flatMap((expr) => columnsIn(item, expr)));
      return key.length > 0 && key.every(({ name }) => given.has(name));
    },
  };
}

const columnsIn = (item: number, expr: Expr): readonly string[] =>
  expr.kind !== 'binary'
    ? []
    : [expr.left, expr.right].flatMap((side) => {
        const column = plainColumn(side);
        return column?.relation === item ? [column.name] : [];
      });

/**
 * Whether the definition itself computes an expression for all rows of its table. Over two tables
 * it does not: a row that has gone never met the new rows of the other one, and if one is empty, no
 * condition is asked of the other.
 */
const isComputedForAll = ({ query, parent }: Block): boolean =>
  parent === null &&
  query.where === null &&
  query.relations.length === 1 &&
  query.relations[0]?.kind === 'table';

/** Of a table's column that is shown unchanged, however deep; null where it is not known. */
export function factsOf(
  outline: Outline,
  sources: ReadonlyMap<number, SourceFacts>,
  ref: ColumnRef,
): ColumnFacts | null {
  const item = outline.items.get(ref.relation);
  if (item === undefined) return null;
  const { relation } = item;
  if (relation.kind === 'table')
    return sources.get(relation.oid)?.columns.find(({ name }) => name === ref.name) ?? null;
  const target = targetOf(item, ref.name);
  if (target === null || target.query.kind !== 'select') return null;
  const inner = plainColumn(target.expr);
  return inner === null ? null : factsOf(outline, sources, inner);
}
