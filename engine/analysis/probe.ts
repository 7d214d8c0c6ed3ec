/** Asks the server for the types of expressions, by temporary views of them. */
import type { Expr } from '../../parser/tree.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { TypeFacts } from '../plan/facts.ts';
import type { Normal } from '../plan/normalize.ts';
import type { Outline } from '../plan/outline.ts';
import { overRelations, relationAlias } from '../plan/plan.ts';
import type { PlanReason } from '../plan/reason.ts';
import { loadColumns } from '../server/columns.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, lines, qualified, sql } from '../sql/sql.ts';

type Types = { keyTypes: TypeFacts[]; argumentTypes: TypeFacts[][]; resultTypes: TypeFacts[] };

/** Asks the server for the types of keys, arguments and aggregates, by views of them. */
export async function probe(
  db: Db,
  normal: Normal,
  shape: Outline,
): Promise<Types | { readonly reasons: readonly PlanReason[] }> {
  const from = sql`FROM ${lines(normal.relations.map((relation, index) => sql`${qualified(relation.schema, relation.name)} AS ${ident(relationAlias(index))}`))}`;
  const args = shape.aggregates.flatMap((aggregate) => aggregate.args);
  const rows = await typesOf(db, [...shape.keys, ...args], from);
  const results = await typesOf(db, shape.aggregates, from);
  if ('reasons' in rows) return rows;
  if ('reasons' in results) return results;
  const keyTypes = rows.slice(0, shape.keys.length);
  const rest = rows.slice(shape.keys.length);
  return {
    keyTypes,
    argumentTypes: shape.aggregates.map((aggregate) => rest.splice(0, aggregate.args.length)),
    resultTypes: results,
  };
}

async function typesOf(
  db: Db,
  exprs: readonly Expr[],
  from: Sql,
): Promise<TypeFacts[] | { readonly reasons: readonly PlanReason[] }> {
  if (exprs.length === 0) return [];
  const types = await columnTypes(db, exprs, from);
  if (types !== null) return types;
  const reasons: PlanReason[] = [];
  for (const expr of exprs) {
    if ((await columnTypes(db, [expr], from)) === null)
      reasons.push({
        kind: 'pseudo_type',
        message: 'an expression has a type that no column can have',
        hint: null,
        span: expr.span,
      });
  }
  return { reasons };
}

/** Null where one of them has a pseudo-type, such as record: no view can show that. */
async function columnTypes(db: Db, exprs: readonly Expr[], from: Sql): Promise<TypeFacts[] | null> {
  const columns = lines(
    exprs.map((expr, index) => sql`${overRelations(expr)} AS ${ident(`c${index}`)}`),
  );
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
