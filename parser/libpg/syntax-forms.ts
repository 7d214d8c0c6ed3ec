/**
 * XML and JSON expressions: each has a syntax of its own. They are taken over word by word as the
 * definition says them, with the expressions in them adapted. Their types and names are printed by
 * PostgreSQL as they mean the same everywhere.
 */
import type { Node } from 'libpg-query';
import type { Expr, Span, SyntaxForm } from '../tree.ts';
import type { Reading } from './reading.ts';

const FORMS: ReadonlySet<string> = new Set([
  'XmlExpr',
  'XmlSerialize',
  'JsonObjectConstructor',
  'JsonArrayConstructor',
  'JsonObjectAgg',
  'JsonArrayAgg',
  'JsonIsPredicate',
  'JsonParseExpr',
  'JsonScalarExpr',
  'JsonSerializeExpr',
  'JsonFuncExpr',
]);
const AGGREGATES: ReadonlySet<string> = new Set(['JsonObjectAgg', 'JsonArrayAgg']);

/** Nodes that are parts of a form and no expressions. */
const PARTS = new RegExp(
  '^(List|ResTarget|RangeTableFuncCol|TypeName|String|Integer|SortBy|' +
    'Json(KeyValue|ValueExpr|Argument|Behavior))$',
);

export function adaptSyntaxForm(reading: Reading, node: Node): Expr {
  const [kind = ''] = Object.keys(node);
  const span = reading.spanOf(node);
  if (!FORMS.has(kind) || span === null) return reading.fail(node, 'expression');
  const parts = placed(reading, operandsOf(node, kind));
  const end = endOfForm(reading.text, parts.at(-1)?.place.end ?? span.start, span.end);
  return {
    kind: 'syntax_form',
    name: /^\w+/.exec(reading.text.slice(span.start))?.[0].toUpperCase() ?? kind,
    isAggregate: AGGREGATES.has(kind) && !JSON.stringify(node).includes('"over"'),
    ...wordsAround(reading, parts, { start: span.start, end }),
  };
}

type Placed = { readonly operand: Node; readonly place: Span };

/** The operands in the order in which they are written. */
function placed(reading: Reading, operands: readonly Node[]): readonly Placed[] {
  const found = operands.flatMap((operand) => {
    const place = reading.spanOf(operand);
    return place === null ? [] : [{ operand, place }];
  });
  return found.toSorted((a, b) => a.place.start - b.place.start);
}

/** The operands, and the words between them. */
function wordsAround(
  reading: Reading,
  parts: readonly Placed[],
  span: Span,
): Pick<SyntaxForm, 'words' | 'args' | 'span'> {
  const words: string[] = [];
  let at = span.start;
  for (const { place } of parts) {
    words.push(reading.text.slice(at, place.start));
    at = place.end;
  }
  words.push(reading.text.slice(at, span.end));
  return { words, args: parts.map(({ operand }) => reading.expr(operand)), span };
}

/**
 * XMLTABLE in FROM. Its node has no offset: its word stands before the first operand, and the
 * bracket behind that word is closed behind the last column. Null where that is not so.
 */
export function adaptXmlTableCall(reading: Reading, node: Node): SyntaxForm | null {
  const [content] = Object.values(node);
  const { alias: _alias, ...own } = content as { alias?: unknown };
  const parts = placed(reading, operandsOf(own, ''));
  const [first] = parts;
  const start = first === undefined ? -1 : reading.text.lastIndexOf('XMLTABLE(', first.place.start);
  const last = parts.at(-1);
  const end =
    last === undefined ? null : closingOf(reading.text.slice(start), last.place.end - start);
  if (start < 0 || end === null) return null;
  const span = { start, end: start + end };
  return {
    kind: 'syntax_form',
    name: 'XMLTABLE',
    isAggregate: false,
    ...wordsAround(reading, parts, span),
  };
}

/** Behind the bracket that closes the first one; null where it is not after `from`. */
function closingOf(text: string, from: number): number | null {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g)) {
    if (token === '(') depth += 1;
    if (token === ')' && --depth === 0) return index >= from ? index + 1 : null;
  }
  return null;
}

/** What may stand behind the operand of IS. */
const WORDS_BEHIND = new RegExp(
  String.raw`^\s*IS\s+(NOT\s+)?(DOCUMENT|JSON)(\s+(VALUE|ARRAY|OBJECT|SCALAR))?` +
    String.raw`(\s+WITH(OUT)?\s+UNIQUE(\s+KEYS)?)?`,
  'i',
);

/** A form ends with the bracket that closes it; IS DOCUMENT and IS JSON end with their words. */
function endOfForm(text: string, from: number, end: number): number {
  const rest = WORDS_BEHIND.exec(text.slice(from));
  return Math.max(end, from + (rest?.[0].length ?? 0));
}

/** The outermost expressions in a form. */
function operandsOf(node: object, form: string): Node[] {
  const found: Node[] = [];
  const look = (value: unknown, isForm: boolean): void => {
    if (Array.isArray(value)) {
      for (const item of value) look(item, false);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const entries = Object.entries(value);
    const [key = ''] = entries[0] ?? [];
    if (!isForm && entries.length === 1 && /^[A-Z]/.test(key) && !PARTS.test(key))
      found.push(value as Node);
    else for (const [, inner] of entries) look(inner, false);
  };
  look(node, form !== '');
  return found;
}
