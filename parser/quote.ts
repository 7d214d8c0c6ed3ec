/**
 * The one place that quotes identifiers for SQL text. It quotes always: which words are safe without quotes differs
 * between PostgreSQL majors, and quoting a safe one changes nothing. Literals are not its business.
 */

/** Quotes an identifier: `a"b` becomes `"a""b"`. Throws on what no identifier can be: an empty string or a NUL byte. */
export function quoteIdent(name: string): string {
  if (name === '' || name.includes('\0')) throw new RangeError(`not an identifier: ${JSON.stringify(name)}`);
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."name"`. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}
