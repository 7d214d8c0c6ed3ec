/**
 * Aggregates that no rule maintains, because they concern all rows or read the time, as aggregates
 * over stored rows.
 *
 *   SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM <from> WHERE <where>
 *   rows     SELECT v FROM <from> WHERE <where>
 *   over it  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM rows
 *
 * The rows are stored, and each read computes the aggregates from them. Counter-example, which
 * stays: a condition that moves with the time. Without an index on what it compares, each read
 * would look for moved rows in the whole table; with one, the definition is cheap.
 */
import type { Query, Select } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { isNow } from '../timed.ts';
import { rowsBelow } from './rows-below.ts';
import { over } from './select.ts';

export type GroupsOverRows = { readonly rows: Select; readonly whole: Select };

/** Null for another query. `number`: an item of FROM that there is not yet. */
export function groupsOverRows(query: Query, number: number): GroupsOverRows | null {
  if (query.kind !== 'select' || !query.grouped) return null;
  const parts = rowsBelow(query, { oid: 0, schema: '', name: '', only: false }, number);
  if (parts === null || readsTime(parts.rows)) return null;
  return { rows: parts.rows, whole: over(parts.rows, 'rows', number, parts.groups) };
}

function readsTime(query: Query): boolean {
  let found = false;
  mapExprs(query, (node) => {
    found ||= isNow(node);
    return null;
  });
  return found;
}
