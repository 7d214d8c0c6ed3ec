/**
 * prune-columns: a scan has the columns that something above it reads or the definition shows, and
 * no others.
 *
 * Right because no other operator looks at them. The change log of a source needs only these
 * columns, and an UPDATE of others logs nothing. Wrong for `distinct(scan)`: it reads all columns
 * of its input, so rows that differ only in a pruned one would fall together. Lowering puts a
 * projection below each DISTINCT. UNION ALL reads all columns of its inputs, by their places.
 */
import type { ColumnId, Node } from '../node.ts';
import { columnsOf, expressionsOf, inputsOf, nodesOf, referencesOf, withInputs } from '../node.ts';

export function pruneColumns(root: Node): Node {
  const used = new Set<ColumnId>([
    ...columnsOf(root).map(({ id }) => id),
    ...nodesOf(root).flatMap((node) => expressionsOf(node).flatMap(referencesOf)),
    ...nodesOf(root).flatMap((node) =>
      node.op === 'unionAll' ? node.inputs.flatMap(columnsOf).map(({ id }) => id) : [],
    ),
  ]);
  const pruned = (node: Node): Node =>
    node.op === 'scan'
      ? { ...node, columns: node.columns.filter(({ column }) => used.has(column.id)) }
      : withInputs(node, inputsOf(node).map(pruned));
  return pruned(root);
}
