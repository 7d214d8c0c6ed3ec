/**
 * Adapts one SELECT: its clauses in the order in which names come into scope. ORDER BY is read for what could change the
 * content (a set-returning function, an aggregate that makes the query a grouped one) and then left out.
 */
import type { Expr as Ast, SelectedColumn, SelectFromStatement } from 'pgsql-ast-parser';
import { adaptExpr } from './expressions.ts';
import { adaptFrom, readSources } from './from.ts';
import type { Reading } from './reading.ts';
import { rangeOf, spanOfNode } from './reading.ts';
import { indexFunctions } from './resolve.ts';
import type { Source } from './tokens.ts';
import type { Catalog, Expr, Query, Refusal, Target } from './tree.ts';
import { visit } from './walk.ts';

export type Adapted = { readonly query: Query; readonly refusals: readonly Refusal[] };

/** The query of a SELECT, good only where there are no refusals; `having` is a HAVING that was parsed apart. */
export function adaptQuery(
  source: Source,
  select: SelectFromStatement,
  having: Ast | null,
  catalog: Catalog,
): Adapted {
  const refusals: Refusal[] = [];
  const refuse: Reading['refuse'] = (kind, message, span) => refusals.push({ kind, message, span });
  const from = select.from ?? [];
  const { relations, scope } = readSources(source, from, catalog, refuse);
  const adapt = (node: Ast): Expr => adaptExpr(reading, node);
  const reading: Reading = { source, scope, functions: indexFunctions(catalog), adapt, refuse };
  const adaptMaybe = (node: Ast | null | undefined): Expr | null => (node ? adapt(node) : null);

  const clauses = {
    relations,
    from: adaptFrom(reading, from),
    where: adaptMaybe(select.where),
    distinct: select.distinct === 'distinct',
    groupBy: (select.groupBy ?? []).map((key) => adaptGroupKey(reading, key)),
    having: adaptMaybe(having ?? select.having),
    targets: (select.columns ?? []).map((column) => adaptTarget(reading, column)),
  };
  const grouped =
    clauses.groupBy.length > 0 ||
    clauses.having !== null ||
    clauses.targets.some((target) => hasAggregate(target.expr));
  checkShape(reading, select, grouped);
  return { query: { ...clauses, grouped }, refusals };
}

/** A bare number in GROUP BY would mean a position in the target list; PostgreSQL never prints one. */
function adaptGroupKey(reading: Reading, key: Ast): Expr {
  if (key.type === 'integer')
    reading.refuse(
      'group_by_position',
      'GROUP BY with a position is not supported',
      spanOfNode(reading.source, key),
    );
  return reading.adapt(key);
}

/** PostgreSQL leaves the name out where it is the column's own, or where the expression has none. */
function adaptTarget(reading: Reading, column: SelectedColumn): Target {
  const expr = reading.adapt(column.expr);
  if (column.alias)
    return {
      name: reading.source.tokens[rangeOf(reading.source, column.alias).last]?.value ?? '',
      expr,
    };
  return { name: expr.kind === 'column' ? expr.name : '?column?', expr };
}

function checkShape(reading: Reading, select: SelectFromStatement, grouped: boolean): void {
  const { source, refuse } = reading;
  if (!select.from?.length) refuse('no_relation', 'definition reads no relation', null);
  if (!select.columns?.length) refuse('no_columns', 'definition has no columns', null);
  for (const { by } of select.orderBy ?? []) {
    if (hasAggregate(reading.adapt(by)) && !grouped)
      refuse(
        'order_by_aggregate',
        'aggregate in ORDER BY of an ungrouped query is not supported',
        spanOfNode(source, by),
      );
  }
  // The scan of constructs has refused and masked these; what it should miss must not pass.
  const isPlain =
    !select.limit &&
    !select.for &&
    !select.skip &&
    (!select.distinct || typeof select.distinct === 'string');
  if (!isPlain)
    refuse(
      'unsupported',
      'a clause of this definition is not supported',
      spanOfNode(source, select),
    );
}

function hasAggregate(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === 'aggregate';
    return !found;
  });
  return found;
}
