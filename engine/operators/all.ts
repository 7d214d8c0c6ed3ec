/** The rules of all operators; an operator without a rule does not compile. */
import type { Node, NodeOf, Op } from '../algebra/node.ts';
import { inputsOf } from '../algebra/node.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { apply } from './apply.ts';
import { derived } from './derived.ts';
import { distinct } from './distinct.ts';
import { filter } from './filter.ts';
import { group } from './group.ts';
import { join } from './join.ts';
import type { Pending } from './pending.ts';
import { project } from './project.ts';
import type { Face, Rows, Rule, Shape, Term } from './rule.ts';
import { scan } from './scan.ts';
import { stored } from './stored.ts';
import { unionAll } from './union-all.ts';

export const RULES: { readonly [K in Op]: Rule<K> } = {
  scan,
  stored,
  filter,
  project,
  join,
  apply,
  unionAll,
  group,
  distinct,
  derived,
};

/**
 * A subtree that is read from elsewhere, a stored table for example, with the same columns. Its
 * change is null if none is known.
 */
export type Leaf = {
  readonly node: Node;
  readonly shape: Shape;
  readonly rows: Rows;
  /** Its rows at the frontier, where a table has them. */
  readonly before?: Rows;
  readonly change: readonly Term[] | null;
};

/** What can be read of a node. `pending` is null if no change is asked for. */
export function faceOf(node: Node, pending: Pending | null, leaf: Leaf | null = null): Face {
  if (leaf !== null && node === leaf.node)
    return {
      shape: leaf.shape,
      now: leaf.rows,
      change: () => leaf.change ?? noChange(node),
      ...(leaf.before === undefined ? {} : { before: leaf.before }),
    };
  const inputs = inputsOf(node).map((input) => faceOf(input, pending, leaf));
  return faceBy(node.op, node, inputs, pending);
}

function faceBy<K extends Op>(
  op: K,
  node: NodeOf<K>,
  inputs: readonly Face[],
  pending: Pending | null,
): Face {
  const rule: Rule<K> = RULES[op];
  return {
    shape: rule.shape(
      node,
      inputs.map(({ shape }) => shape),
    ),
    now: rule.now(node, inputs),
    change: (netting, asked = []): readonly Term[] =>
      rule.change === null || pending === null
        ? noChange(node)
        : rule.change(node, inputs, pending, netting, asked),
    ...beforeBy(rule, node, inputs),
  };
}

/** What an operator of single rows makes of the rows that its input had at the frontier. */
function beforeBy<K extends Op>(
  rule: Rule<K>,
  node: NodeOf<K>,
  inputs: readonly Face[],
): Pick<Face, 'before'> {
  const [input, ...others] = inputs;
  if (input?.before === undefined || others.length > 0 || !OF_ROWS.has(node.op)) return {};
  return { before: rule.now(node, [{ ...input, now: input.before }]) };
}

const OF_ROWS: ReadonlySet<Op> = new Set(['filter', 'project', 'apply']);

const noChange = (node: Node): never => {
  throw new Error(`no change is known of operator ${node.op} here`);
};

/** What this node has that cannot be maintained. */
export const against = (node: Node): readonly PlanReason[] => againstBy(node.op, node);

const againstBy = <K extends Op>(op: K, node: NodeOf<K>): readonly PlanReason[] =>
  RULES[op].against(node);
