/**
 * The one place that quotes identifiers and strings for SQL text. Generated SQL is meant to be
 * read, so a name stays plain where every supported PostgreSQL reads it plain as the same name; all
 * others are quoted.
 */

/**
 * Quotes an identifier where it needs it: `a"b` becomes `"a""b"`. Throws on what no identifier can
 * be: an empty string or a NUL byte.
 */
export function quoteIdent(name: string): string {
  if (name === '' || name.includes('\0'))
    throw new RangeError(`not an identifier: ${JSON.stringify(name)}`);
  return PLAIN.test(name) && !KEYWORDS.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** `schema.name`, each part quoted where it needs it. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

const PLAIN = /^[a-z_][a-z0-9_]*$/;

/**
 * The words that are more than unreserved in any of PostgreSQL 15 to 18: pg_get_keywords() with a
 * catcode other than U.
 */
const KEYWORDS: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
  boolean both case cast char character check coalesce collate collation column concurrently
  constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user dec decimal default deferrable desc distinct do else end except
  exists extract false fetch float for foreign freeze from full grant greatest group grouping
  having ilike in initially inner inout int integer intersect interval into is isnull join json
  json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
  json_serialize json_table json_value lateral leading least left like limit localtime
  localtimestamp merge_action national natural nchar none normalize not notnull null nullif
  numeric offset on only or order out outer overlaps overlay placing position precision primary
  real references returning right row select session_user setof similar smallint some substring
  symmetric system_user table tablesample then time timestamp to trailing treat trim true union
  unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
  xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(
    /\s+/,
  ),
);

/**
 * A string literal as PostgreSQL prints it under standard_conforming_strings: a backslash is an
 * ordinary character.
 */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
