/**
 * inline-views: `derived(x) -> x`, if x consists of scans, filters, projections, inner joins,
 * applied table expressions and UNION ALL.
 *
 * A view is its query. It stays `derived` if it groups or removes duplicates, because nothing else
 * would say so by the view's name. Wrong for `SELECT sum(n) FROM (SELECT count(*) AS n FROM t GROUP
 * BY k) v` if `v` were taken for its table: the inner grouping must stay.
 */
import { nodesOf } from '../node.ts';
import type { Op } from '../node.ts';
import type { Rewrite } from './rewrite.ts';

const PLAIN: ReadonlySet<Op> = new Set(['scan', 'filter', 'project', 'join', 'apply', 'unionAll']);

export const inlineViews: Rewrite = {
  name: 'inline-views',
  apply: (node) =>
    node.op === 'derived' && nodesOf(node.input).every(({ op }) => PLAIN.has(op))
      ? node.input
      : null,
};
