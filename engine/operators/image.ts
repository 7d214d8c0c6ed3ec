/**
 * Grouping by image: only values that no function can tell apart fall together. `=` is not enough for types such as
 * numeric (1.0 = 1.00), citext or interval ('1 day' = '24 hours'); there, and where a type has no `=` at all (json), the
 * bytes of the type's binary output decide.
 */
import type { TypeFacts } from '../plan/facts.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, sql } from '../sql/sql.ts';

export type ImageGrouping = { readonly groupBy: readonly Sql[]; readonly select: Sql };

export function imageGrouping(value: Sql, type: TypeFacts): ImageGrouping {
  if (type.equalIsSame) return { groupBy: [value], select: value };
  const image = sql`${fragment(type.send)}(${value})`;
  if (type.sortable) return { groupBy: [value, image], select: value };
  // Any of the identical values stands for the group.
  return { groupBy: [image], select: sql`(pg_catalog.array_agg(${value}))[1]` };
}
