/** Aggregates over a LEFT JOIN, as a query over groups that are there before it is joined. */
import type { Query, Select } from '../../parser/tree.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import { eagerGroups } from '../algebra/query-rewrites/eager-groups.ts';
import type { Db } from '../db/db.ts';
import { factsOf } from '../regroup/key-facts.ts';
import { outlineOf } from '../regroup/outline.ts';
import { queryColumns } from './query-columns.ts';

/** Null where there is none whose columns have the same names and types. */
export async function eagerQuery(
  db: Db,
  query: Query,
  sources: ReadonlyMap<number, SourceFacts>,
  columns: readonly { readonly name: string; readonly type: string }[],
): Promise<Select | null> {
  if (query.kind !== 'select') return null;
  const outline = outlineOf(query);
  const eager = eagerGroups(query, (ref) => {
    const facts = factsOf(outline, sources, ref);
    return { oid: facts?.oid ?? null, type: facts?.type ?? null };
  });
  if (eager === null) return null;
  const types = await queryColumns(db, eager.groups);
  const keys = types.slice(0, eager.groups.groupBy.length);
  if (keys.length === 0 || !keys.every(({ equalIsSame }) => equalIsSame)) return null;
  const reading = eager.reading(new Map(types.map(({ name, type }) => [name, type])));
  if (reading === null) return null;
  const found = await queryColumns(db, reading);
  const isSame =
    found.length === columns.length &&
    found.every(({ name, type }, at) => name === columns[at]?.name && type === columns[at].type);
  return isSame ? reading : null;
}
