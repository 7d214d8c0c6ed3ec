/**
 * DISTINCT in an aggregate for which it changes nothing is left out: the least, the greatest, and
 * whether all or any are true are the same however often a value occurs.
 *
 * Counter-examples, which keep it: count, sum and avg.
 */
import type { Expr, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';

const IDLE: ReadonlySet<string> = new Set(['min', 'max', 'bool_and', 'bool_or', 'every']);

export const dropIdleDistinct = (query: Query): Query => mapExprs(query, dropped);

const dropped = (expr: Expr): Expr | null =>
  expr.kind === 'aggregate' && expr.distinct && expr.schema === null && IDLE.has(expr.name)
    ? { ...expr, distinct: false }
    : null;
