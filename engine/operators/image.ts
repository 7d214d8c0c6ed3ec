/**
 * Grouping by image: only values that no function can tell apart fall together. `=` is not enough
 * for types such as numeric (1.0 = 1.00), citext or interval ('1 day' = '24 hours'); there, and
 * where a type has no `=` at all (json), bytes decide: those of the type's binary form, or of its
 * text in the encoding of the database.
 */
import type { TypeFacts } from '../algebra/facts.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, sql } from '../sql/sql.ts';

export type ImageGrouping = { readonly groupBy: readonly Sql[]; readonly select: Sql };

/**
 * What no two different values of the type have in common, as bytea. For a groupable type.
 *
 * It stands in the text of capture functions and folds as well, where no object is named that can
 * be renamed or moved to another schema, such as the output function of an extension's type:
 * writers would fail. PostgreSQL itself finds that of a value.
 */
export function imageOf(value: Sql, { image, type }: TypeFacts): Sql {
  if (image === null) throw new Error(`type ${type} has no image`);
  const { form, by } = image;
  const isOwn = by?.startsWith('pg_catalog.') === true;
  if (form === 'binary')
    return isOwn ? sql`${fragment(by)}(${value})` : sql`pg_catalog.record_send(ROW(${value}))`;
  const text =
    by === null
      ? sql`CAST(${value} AS pg_catalog.text)`
      : isOwn
        ? sql`pg_catalog.textin(${fragment(by)}(${value}))`
        : sql`CASE WHEN ${value} IS NOT NULL THEN pg_catalog.format('%s', ${value}) END`;
  return sql`pg_catalog.convert_to(${text}, pg_catalog.getdatabaseencoding())`;
}

/**
 * One of several values with the same image; not for arrays, of which array_agg makes one with a
 * dimension more.
 */
export const anyOf = (value: Sql): Sql => sql`(pg_catalog.array_agg(${value}))[1]`;

/** Whether rows of these columns can be cancelled against each other. */
export const canNet = (columns: readonly TypeFacts[]): boolean =>
  columns.every((column) => column.groupable);

/** For a groupable type. */
export function imageGrouping(value: Sql, type: TypeFacts): ImageGrouping {
  if (type.equalIsSame) return { groupBy: [value], select: value };
  const image = imageOf(value, type);
  if (type.sortable) return { groupBy: [value, image], select: value };
  return { groupBy: [image], select: anyOf(value) };
}
