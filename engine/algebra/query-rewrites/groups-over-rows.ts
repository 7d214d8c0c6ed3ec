/**
 * Aggregates that no rule maintains, because they concern all rows or read the time, as aggregates
 * over stored rows.
 *
 *   SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM <from> WHERE <where>
 *   rows     SELECT v FROM <from> WHERE <where>
 *   over it  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM rows
 *
 * So is `count(*) FILTER (WHERE x.last > now() - interval '1 day')` of customers by region, with
 * `x.last` from groups below: the rows are the customers, each with `last`.
 *
 * The rows are stored, and each read computes the aggregates from them. Counter-example, which
 * stays where another plan may be found: a condition that moves with the time. Without an index on
 * what it compares, each read looks for moved rows in the whole table; with one, the definition is
 * cheap.
 */
import type { Expr, GroupItem, Query, Select } from '../../../parser/tree.ts';
import { equalExpr, mapExprs, visit } from '../../../parser/walk.ts';
import { isOfNow } from '../moments.ts';
import { groupKeysOf } from './grouping-sets.ts';
import { conjuncts, keysIn } from './relations.ts';
import { rowsBelow } from './rows-below.ts';
import { over } from './select.ts';

type GroupsOverRows = { readonly rows: Select; readonly whole: Select };

/**
 * Null for another query. `number`: an item of FROM that there is not yet; `moves`: whether the
 * time may choose the rows.
 */
export function groupsOverRows(
  query: Query,
  number: number,
  moves: boolean,
): GroupsOverRows | null {
  if (query.kind !== 'select' || !query.grouped) return null;
  const whole = withDetermined(query);
  const parts = whole && rowsBelow(whole, { oid: 0, schema: '', name: '', only: false }, number);
  if (parts === null || (!moves && readsTime(parts.rows))) return null;
  return { rows: parts.rows, whole: over(parts.rows, 'rows', number, parts.groups) };
}

/**
 * The query with the columns that its keys determine as keys: stored rows have no primary key by
 * which PostgreSQL would know them. Null for grouping sets, in which a key can be missing.
 */
function withDetermined(query: Select): Select | null {
  const keys = query.groupBy.flatMap(keysIn);
  const determined: Expr[] = [];
  const upper = [...query.targets.map(({ expr }) => expr), ...conjuncts(query.having)];
  for (const expr of upper)
    visit(expr, (node) => {
      if (node.kind === 'aggregate' || keys.some((key) => equalExpr(key, node))) return false;
      if (node.kind !== 'column' && node.kind !== 'join_column') return true;
      if (!determined.some((one) => equalExpr(one, node))) determined.push(node);
      return false;
    });
  if (determined.length === 0) return query;
  const more = determined.map((expr): GroupItem => ({ kind: 'expr', expr }));
  return groupKeysOf(query).length > 0 ? null : { ...query, groupBy: [...query.groupBy, ...more] };
}

function readsTime(query: Query): boolean {
  let found = false;
  mapExprs(query, (node) => {
    found ||= isOfNow(node);
    return null;
  });
  return found;
}
