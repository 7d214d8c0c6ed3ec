/**
 * What depends on the session's default_text_search_config names the configuration:
 * `to_tsvector(title)` becomes `to_tsvector('pg_catalog.english'::regconfig, title)`.
 *
 * Right because that is what PostgreSQL's functions do with the setting. Counter-examples, which
 * stay: calls that name one already; `ts_headline` with three arguments, of which the first can be
 * a configuration; the operator `@@` over text, which has no place for one.
 */
import type { Call, Expr, Query } from '../../../parser/tree.ts';
import { mapExpr, mapQuery } from '../../../parser/walk.ts';
import { mapQueries } from './relations.ts';

/** How many arguments those have that name no configuration. */
const WITHOUT_CONFIGURATION: ReadonlyMap<string, number> = new Map([
  ['to_tsvector', 1],
  ['to_tsquery', 1],
  ['plainto_tsquery', 1],
  ['phraseto_tsquery', 1],
  ['websearch_to_tsquery', 1],
  ['json_to_tsvector', 2],
  ['jsonb_to_tsvector', 2],
  ['ts_headline', 2],
]);

const needsConfiguration = (node: Expr): node is Call =>
  node.kind === 'call' &&
  node.schema === null &&
  !node.variadic &&
  WITHOUT_CONFIGURATION.get(node.name) === node.args.length &&
  node.args.every((arg) => arg.kind !== 'named_argument');

/** The query with the configuration in it; the same object where nothing depends on it. */
export function pinTextSearch(query: Query, configuration: Expr): Query {
  let changed = false;
  const pinned = (expr: Expr): Expr => {
    const own = mapExpr(expr, (node) => (node === expr ? null : pinned(node)));
    if (!needsConfiguration(own)) return own;
    changed = true;
    return { ...own, args: [configuration, ...own.args] };
  };
  const result = mapQueries(query, (one) => mapQuery(one, { expr: pinned }));
  return changed ? result : query;
}
