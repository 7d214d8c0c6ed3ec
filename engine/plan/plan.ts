/**
 * A plan: which part of a definition's tree is stored, and how the definition is read from that.
 *
 *   core       its rows are stored; everything below it is maintained by change
 *   residual   the tree with the core in it; what stands above the core is computed when it is read
 */
import type { Group, Node, Output, Project, Scan } from '../algebra/node.ts';
import { columnsOf, idOf, inputsOf, nodesOf, scansOf } from '../algebra/node.ts';
import type { Face } from '../operators/rule.ts';
import { faceOf } from '../operators/all.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import type { Store } from '../operators/store.ts';

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

/** The stored key that a column of the definition is, unchanged; null if it is computed from others. */
export function storedKey({ residual, core, store }: Plan, name: string): string | null {
  const column = columnsOf(residual).find((one) => one.name === name);
  const keys: readonly Output[] = core.op === 'group' ? core.keys : core.outputs;
  let id = column?.id;
  for (const output of nodesOf(residual)
    .flatMap((node) => (node.op === 'project' && node !== core ? node.outputs : []))
    .toReversed())
    if (output.column.id === id && output.expr.kind === 'column') id = idOf(output.expr);
  const key = keys.find((one) => one.column.id === id);
  return key === undefined ? null : (store.columns.get(key.column.id) ?? null);
}
