/** Asks the server for the types of expressions, by temporary views of them. */
import type { Expr, Span } from '../../parser/tree.ts';
import type { TypeFacts } from '../algebra/facts.ts';
import type { Column, ColumnId } from '../algebra/node.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { faceOf } from '../operators/all.ts';
import { written } from '../operators/rule.ts';
import type { Cut } from '../plan/choose.ts';
import { loadColumns } from '../server/columns.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, lines, sql } from '../sql/sql.ts';

/** A column whose type the server is asked for, with its expression over the relations. */
type Probed = { readonly column: Column; readonly value: Sql; readonly span: Span | null };

/** The server's types of what the core computes, or the reasons against such a type. */
export async function probe(
  db: Db,
  { core }: Cut,
): Promise<ReadonlyMap<ColumnId, TypeFacts> | { readonly reasons: readonly PlanReason[] }> {
  const { shape, now } = faceOf(core.input, null);
  const from = sql`FROM ${lines(now.from)}`;
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
    const found = await typesOf(db, group, from);
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
  from: Sql,
): Promise<{ readonly types: TypeFacts[] } | { readonly reasons: readonly PlanReason[] }> {
  if (probed.length === 0) return { types: [] };
  const types = await columnTypes(db, probed, from);
  if (types !== null) return { types };
  const reasons: PlanReason[] = [];
  for (const one of probed) {
    if ((await columnTypes(db, [one], from)) === null)
      reasons.push({
        kind: 'pseudo_type',
        message: 'an expression has a type that no column can have',
        hint: null,
        span: one.span,
      });
  }
  return { reasons };
}

/** Null where one of them has a pseudo-type, such as record: no view can show that. */
async function columnTypes(
  db: Db,
  probed: readonly Probed[],
  from: Sql,
): Promise<TypeFacts[] | null> {
  const columns = lines(probed.map(({ value }, index) => sql`${value} AS ${ident(`c${index}`)}`));
  return rolledBack(db, async () => {
    try {
      await db.execute(sql`CREATE TEMPORARY VIEW imat_probe AS SELECT ${columns} ${from}`.text);
    } catch (error) {
      if (error instanceof ServerError && error.sqlstate === '42P16') return null;
      throw error;
    }
    const [view] = await db.query<{ oid: number }>(
      `SELECT 'pg_temp.imat_probe'::regclass::oid AS oid`,
    );
    const oid = view?.oid ?? 0;
    return (await loadColumns(db, [oid])).get(oid) ?? [];
  });
}
