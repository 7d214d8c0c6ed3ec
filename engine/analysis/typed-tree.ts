/**
 * The tree with the types that only the server knows: those of what is applied to rows, and those
 * in which UNION ALL makes the columns of its inputs alike.
 */
import { equalExpr } from '../../parser/walk.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Apply, Node, UnionAll } from '../algebra/node.ts';
import { columnsOf, inputsOf, reference, withInputs } from '../algebra/node.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Db } from '../db/db.ts';
import { faceOf } from '../operators/all.ts';
import { columnOf } from '../operators/rule.ts';
import type { Sql } from '../sql/sql.ts';
import { columnTypes } from './column-types.ts';

/** What a branch is given where the whole has the type's own collation and the branch has not. */
const DEFAULT_COLLATION = 'pg_catalog."default"';

export async function typedTree(
  db: Db,
  node: Node,
): Promise<Node | { readonly reasons: readonly PlanReason[] }> {
  const alike = node.op === 'unionAll' ? await unionOfAlike(db, node) : null;
  if (alike !== null) return alike;
  const inputs: Node[] = [];
  for (const input of inputsOf(node)) {
    const typed = await typedTree(db, input);
    if ('reasons' in typed) return typed;
    inputs.push(typed);
  }
  const own = withInputs(node, inputs);
  if (own.op !== 'apply' && own.op !== 'unionAll') return own;
  const { shape, now } = faceOf(own, null);
  const values = own.columns.map(({ column }) => columnOf(shape, column.id));
  const facts = await columnTypes(db, values, now.from);
  const spans = own.op === 'apply' ? [own.span] : [];
  if (facts === null) return { reasons: [untellable(spans[0] ?? null)] };
  return own.op === 'apply' ? typedApply(own, facts) : typedUnion(db, own, facts);
}

const typedApply = (node: Apply, facts: readonly ColumnFacts[]): Apply => ({
  ...node,
  columns: node.columns.map((one, index) => ({ ...one, facts: facts[index] ?? null })),
});

/**
 * A UNION ALL of others as one, where all branches have the same types: each is asked for once, and
 * not once for each level. Null where they differ: a branch may be converted at each level.
 * Counter-example: integer, real and double precision, where 16777217 becomes 16777216.
 */
async function unionOfAlike(db: Db, node: UnionAll): Promise<UnionAll | null> {
  const branches = branchesOf(node);
  if (branches.length < 3) return null;
  const inputs: Node[] = [];
  let types: readonly ColumnFacts[] | null = null;
  for (const branch of branches) {
    const input = await typedTree(db, branch);
    const own = 'reasons' in input ? null : await branchTypes(db, input);
    if (own === null || 'reasons' in input) return null;
    types ??= own;
    if (!own.every((facts, at) => isAlike(facts, types?.[at]))) return null;
    inputs.push(input);
  }
  const collations = inputs.map(() => null);
  const columns = node.columns.map((one, at) => ({
    ...one,
    facts: types?.[at] ?? null,
    collations,
  }));
  return { ...node, inputs, columns };
}

function branchesOf(node: Node): readonly Node[] {
  const union = unionIn(node);
  return union === null ? [node] : union.inputs.flatMap(branchesOf);
}

/** Also where its columns have other names. */
function unionIn(node: Node): UnionAll | null {
  if (node.op === 'unionAll') return node;
  if (node.op !== 'project' || node.input.op !== 'unionAll') return null;
  const { outputs, input } = node;
  const isSame =
    outputs.length === input.columns.length &&
    input.columns.every(({ column }, at) => {
      const expr = outputs[at]?.expr;
      return expr !== undefined && equalExpr(expr, reference(column));
    });
  return isSame ? input : null;
}

const isAlike = (facts: ColumnFacts, other: ColumnFacts | undefined): boolean =>
  facts.type === other?.type && facts.collation === other.collation;

function branchTypes(db: Db, input: Node): Promise<readonly ColumnFacts[] | null> {
  const { shape, now } = faceOf(input, null);
  const values: Sql[] = columnsOf(input).map((column) => columnOf(shape, column.id));
  return columnTypes(db, values, now.from);
}

async function typedUnion(
  db: Db,
  node: UnionAll,
  facts: readonly ColumnFacts[],
): Promise<UnionAll | { readonly reasons: readonly PlanReason[] }> {
  const branches: (readonly ColumnFacts[])[] = [];
  for (const input of node.inputs) {
    const own = await branchTypes(db, input);
    if (own === null) return { reasons: [untellable(null)] };
    branches.push(own);
  }
  const columns = node.columns.map((one, index) => {
    const whole = facts[index] ?? null;
    const collations = branches.map((own) => {
      const collation = own[index]?.collation ?? null;
      if (whole === null || collation === whole.collation) return null;
      return whole.collation ?? DEFAULT_COLLATION;
    });
    return { ...one, facts: whole, collations };
  });
  return { ...node, columns };
}

const untellable = (span: PlanReason['span']): PlanReason => ({
  kind: 'pseudo_type',
  message: 'an expression has a type or a collation that no column can have',
  hint: null,
  span,
});
