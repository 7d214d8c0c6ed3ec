/**
 * A plan: which part of a definition's tree is stored, and how the definition is read from that.
 *
 *   core       its rows are stored; everything below it is maintained by change
 *   residual   the tree with the core in it; what stands above the core is computed when it is read
 */
import type { ColumnId, Group, Node, Project, Scan } from '../algebra/node.ts';
import { columnsOf, idOf, inputsOf, nodesOf, scansOf } from '../algebra/node.ts';
import type { Face } from '../operators/rule.ts';
import { faceOf } from '../operators/all.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import type { Store } from '../operators/store.ts';
import { computedValues, storedType } from '../operators/store.ts';

/** Groups, or the rows of a select-project-join. */
export type Core = Group | Project;

export type Plan = {
  readonly core: Core;
  readonly store: Store;
  readonly residual: Node;
  /** The definition's column types, as `format_type` prints them. */
  readonly outputTypes: readonly string[];
  /** What must be done to pending rows before the core's expressions see them. */
  readonly netting: Netting;
};

/** The faces of what the core's rows are computed from. */
export const coreInput = ({ core }: Plan, pending: Pending | null): Face =>
  faceOf(core.input, pending);

export const planScans = ({ core }: Plan): readonly Scan[] => scansOf(core);

/** The nodes above the core, the topmost first. */
export function above(plan: Plan): readonly Node[] {
  const nodes: Node[] = [];
  let node: Node | undefined = plan.residual;
  while (node !== undefined && node !== plan.core) {
    nodes.push(node);
    node = inputsOf(node)[0];
  }
  return nodes;
}

/** The columns of the definition that are columns of the core unchanged, by name. */
export function passedOn(residual: Node, core: Core): ReadonlyMap<string, ColumnId> {
  const own = new Set(columnsOf(core).map(({ id }) => id));
  const references = nodesOf(residual)
    .flatMap((node) => (node.op === 'project' && node !== core ? node.outputs : []))
    .toReversed();
  const found = new Map<string, ColumnId>();
  for (const { id: top, name } of columnsOf(residual)) {
    let id = top;
    for (const { column, expr } of references)
      if (column.id === id && expr.kind === 'column') id = idOf(expr);
    if (own.has(id)) found.set(name, id);
  }
  return found;
}

/**
 * The column of the stored table that a column of the definition is, unchanged; null if it is
 * anything else.
 */
export function storedColumn(plan: Plan, name: string): string | null {
  const { residual, core, store, outputTypes } = plan;
  const id = passedOn(residual, core).get(name);
  const column = id === undefined ? undefined : store.columns.get(id);
  if (column === undefined || computedValues(store).some((value) => value.name === column))
    return null;
  const place = columnsOf(residual).findIndex((one) => one.name === name);
  return storedType(store, column) === outputTypes[place] ? column : null;
}
