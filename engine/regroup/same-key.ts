/** Whether two columns can stand for each other as a key: one type, and one equality. */
import type { ColumnRef } from '../../parser/tree.ts';
import type { ColumnFacts, SourceFacts } from '../algebra/facts.ts';
import type { SameKey } from './classes.ts';
import { plainColumn, targetOf } from './lineage.ts';
import type { Outline } from './outline.ts';

export const sameKeyOf =
  (outline: Outline, sources: ReadonlyMap<number, SourceFacts>): SameKey =>
  (a, b) => {
    const [left, right] = [factsOf(outline, sources, a), factsOf(outline, sources, b)];
    return (
      left !== null &&
      right !== null &&
      left.oid === right.oid &&
      left.collation === right.collation &&
      left.hasPlainEquality &&
      left.sortable
    );
  };

/** Of a table's column that is shown unchanged, however deep; null where it is not known. */
function factsOf(
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
