/**
 * A column that is computed as ROW(..) is one value, wherever it is read:
 *
 *   SELECT s.r = s.q FROM (SELECT ROW(a, b) AS r, ROW(c, d) AS q FROM t) s
 *   SELECT s.r = s.q FROM (SELECT ROW(a, b)::record AS r, ROW(c, d)::record AS q FROM t) s
 *
 * So other rewrites can write it in the place of the column. Two that are written as ROW(..) are
 * compared field by field: then a NULL in both is no equal field, but unknown.
 */
import type { Query, Target } from '../../../parser/tree.ts';
import { mapQueries } from './relations.ts';

export const rowValues = (query: Query): Query =>
  mapQueries(query, (one) =>
    one.kind === 'select' && one.targets.some(isRow)
      ? { ...one, targets: one.targets.map((target) => (isRow(target) ? asValue(target) : target)) }
      : one,
  );

const isRow = ({ expr }: Target): boolean => expr.kind === 'row';

const asValue = (target: Target): Target => ({
  ...target,
  expr: { kind: 'cast', operand: target.expr, type: 'record', span: target.expr.span },
});
