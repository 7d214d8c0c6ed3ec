/** The server's types of what a plan computes. */
import type { Expr, Span } from '../../parser/tree.ts';
import type { TypeFacts } from '../algebra/facts.ts';
import type { Column, ColumnId } from '../algebra/node.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Db } from '../db/db.ts';
import { faceOf } from '../operators/all.ts';
import { written } from '../operators/rule.ts';
import type { Core } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { columnTypes } from './column-types.ts';

/** A column whose type the server is asked for, with its expression over the relations. */
type Probed = { readonly column: Column; readonly value: Sql; readonly span: Span | null };

/** The server's types of what the core computes, or the reasons against such a type. */
export async function probe(
  db: Db,
  core: Core,
): Promise<ReadonlyMap<ColumnId, TypeFacts> | { readonly reasons: readonly PlanReason[] }> {
  const { shape, now } = faceOf(core.input, null);
  const probed = (column: Column, expr: Expr): Probed => ({
    column,
    value: written(expr, shape),
    span: expr.span,
  });
  const outputs =
    core.op === 'group'
      ? [...core.keys, ...core.aggregates.flatMap(({ args }) => args)]
      : core.outputs;
  const calls = core.op === 'group' ? core.aggregates : [];
  const groups = [
    outputs.map(({ column, expr }) => probed(column, expr)),
    calls.map(({ column, call }) => probed(column, call)),
  ];
  const types = new Map<ColumnId, TypeFacts>();
  for (const group of groups) {
    const found = await typesOf(db, group, now.from);
    if ('reasons' in found) return found;
    found.types.forEach((type, index) => {
      const id = group[index]?.column.id;
      if (id !== undefined) types.set(id, type);
    });
  }
  return types;
}

async function typesOf(
  db: Db,
  probed: readonly Probed[],
  from: readonly Sql[],
): Promise<{ readonly types: readonly TypeFacts[] } | { readonly reasons: readonly PlanReason[] }> {
  if (probed.length === 0) return { types: [] };
  const types = await columnTypes(
    db,
    probed.map(({ value }) => value),
    from,
  );
  if (types !== null) return { types };
  const reasons: PlanReason[] = [];
  for (const one of probed) {
    if ((await columnTypes(db, [one.value], from)) === null)
      reasons.push({
        kind: 'pseudo_type',
        message: 'an expression has a type that no column can have',
        hint: null,
        span: one.span,
      });
  }
  return { reasons };
}
