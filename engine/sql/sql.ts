/**
 * SQL as a value that cannot be confused with a string.
 *
 * A hole of the `sql` template takes identifiers, literals or other SQL; a raw string does not
 * type-check, so a name or a value cannot get into a statement unquoted. `fragment` is the one door
 * for text that is SQL already: what PostgreSQL printed (types, definitions) and what the parser's
 * deparser printed.
 */
import { quoteIdent } from '../../parser/quote.ts';

declare const brand: unique symbol;
export type Sql = { readonly [brand]: true; readonly text: string };

/**
 * Text that is SQL already: printed by PostgreSQL (`format_type`, `pg_get_viewdef`) or by the
 * deparser.
 */
export function fragment(text: string): Sql {
  return { text } as Sql;
}

export function sql(strings: TemplateStringsArray, ...holes: readonly (Sql | number)[]): Sql {
  let text = strings[0] ?? '';
  holes.forEach((hole, index) => {
    text +=
      (typeof hole === 'number' ? String(hole) : indentLike(hole.text, text)) +
      (strings[index + 1] ?? '');
  });
  return fragment(text);
}

/**
 * Continues a multi-line hole at the indentation of the line it stands in, so that generated SQL
 * stays readable. Line breaks inside quotes are content and stay as they are; a hole with
 * backslashes (E'' strings) is left alone.
 */
function indentLike(hole: string, before: string): string {
  if (!hole.includes('\n') || hole.startsWith('\n') || hole.includes('\\')) return hole;
  const indent = /^ */.exec(before.slice(before.lastIndexOf('\n') + 1))?.[0] ?? '';
  if (indent === '') return hole;
  return hole.replaceAll(QUOTED_OR_BREAK, (found) => (found === '\n' ? `\n${indent}` : found));
}

/** A string or a name in quotes, a comment without the end of its line, or a line break. */
const QUOTED_OR_BREAK = /'[^']*(?:'|$)|"[^"]*(?:"|$)|--[^\n]*|\n/g;

export function ident(name: string): Sql {
  return fragment(quoteIdent(name));
}

/** A schema-qualified name. */
export function qualified(schema: string, name: string): Sql {
  return fragment(`${quoteIdent(schema)}.${quoteIdent(name)}`);
}

/** A string literal; right under any `standard_conforming_strings`. */
export function literal(value: string): Sql {
  const doubled = value.replaceAll("'", "''");
  return fragment(value.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`);
}

/** A dollar-quoted string with a tag that the body does not contain. */
export function dollarQuoted(body: Sql): Sql {
  let tag = 'imat';
  while (body.text.includes(`$${tag}$`)) tag += '_';
  return fragment(`$${tag}$${body.text}$${tag}$`);
}

export function join(parts: readonly Sql[], separator: string): Sql {
  return fragment(parts.map((part) => part.text).join(separator));
}

/** `parts` in one line each, separated by commas. */
export function lines(parts: readonly Sql[]): Sql {
  return join(parts, ',\n');
}

/** Each text once, in the order of its first occurrence. */
export const unique = (parts: readonly Sql[]): Sql[] =>
  parts.filter((one, at) => parts.findIndex(({ text }) => text === one.text) === at);

/** A conjunction; TRUE where there is nothing to join. */
export function and(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`TRUE` : join(conditions, ' AND ');
}

/** A relation as a constant that dump and restore carry by name. */
export const regclass = (relation: Sql): Sql => sql`${literal(relation.text)}::regclass`;
