/** What no key helps with, each with its place. */
import type { ColumnRef, Expr, Query, Relation, Span } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import { isRecursion } from '../algebra/query-rewrites/recursive-ctes.ts';
import { eachQuery, tablesIn } from '../algebra/query-rewrites/relations.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { momentDependent } from '../algebra/reason.ts';
import { isNow } from '../algebra/moments.ts';

export function reasonsAgainst(
  query: Query,
  sources: ReadonlyMap<number, SourceFacts>,
): readonly PlanReason[] {
  const found: PlanReason[] = [];
  eachQuery(query, (one) => {
    if (one.recursive && !isRecursion(one))
      found.push(against('recursive_cte', 'WITH RECURSIVE', one.span));
    if (one.locking.length > 0) found.push(against('locking', one.locking.join(' '), one.span));
    if (one.kind === 'select')
      found.push(...one.relations.flatMap((item) => ofRelation(item, sources)));
  });
  const tables = tablesIn(query);
  mapExprs(query, (expr) => {
    found.push(...ofExpr(expr));
    if (expr.kind !== 'column') return null;
    const columns = sources.get(tables.get(expr.relation)?.oid ?? 0)?.columns ?? [];
    if (columns.some(({ name, isVirtual }) => name === expr.name && isVirtual))
      found.push(virtualColumn(expr));
    return null;
  });
  return found;
}

const against = (kind: string, what: string, span: Span | null): PlanReason => ({
  kind,
  message: `${what} cannot be maintained incrementally`,
  hint: null,
  span,
});

function ofRelation(
  relation: Relation,
  sources: ReadonlyMap<number, SourceFacts>,
): readonly PlanReason[] {
  if (relation.kind !== 'table') return [];
  const { sample, only, oid, name, span } = relation;
  const hasParts = (sources.get(oid)?.parts ?? null) !== null;
  return [
    ...(sample === null ? [] : [against('tablesample', 'TABLESAMPLE', span)]),
    ...(only && hasParts ? [against('only', `ONLY ${name}`, span)] : []),
  ];
}

/** A trigger sees NULL in it. */
const virtualColumn = ({ name, span }: ColumnRef): PlanReason => ({
  kind: 'virtual_column',
  message: `column ${name} is generated when it is read, which capture cannot see`,
  hint: 'Write its expression in the definition, or make it a STORED column.',
  span,
});

const SYSTEM_COLUMNS: ReadonlySet<string> = new Set([
  'tableoid',
  'ctid',
  'xmin',
  'xmax',
  'cmin',
  'cmax',
]);

function ofExpr(expr: Expr): readonly PlanReason[] {
  if (expr.kind === 'value_function' && !isNow(expr)) return [momentDependent(expr.sql, expr.span)];
  return expr.kind === 'column' && SYSTEM_COLUMNS.has(expr.name)
    ? [against('system_column', `system column "${expr.name}"`, expr.span)]
    : [];
}
