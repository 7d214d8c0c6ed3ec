/**
 * XML and JSON expressions: each has a syntax of its own. They are taken over word by word as the
 * definition says them, with the expressions in them adapted. Their types and names are printed by
 * PostgreSQL as they mean the same everywhere.
 */
import type { Node } from 'libpg-query';
import type { Expr } from '../tree.ts';
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
const PARTS =
  /^(List|ResTarget|TypeName|String|Integer|SortBy|Json(KeyValue|ValueExpr|Argument|Behavior))$/;

export function adaptSyntaxForm(reading: Reading, node: Node): Expr {
  const [kind = ''] = Object.keys(node);
  const span = reading.spanOf(node);
  if (!FORMS.has(kind) || span === null) return reading.fail(node, 'expression');
  const inner = operandsOf(node, kind).flatMap((operand) => {
    const place = reading.spanOf(operand);
    return place === null ? [] : [{ operand, place }];
  });
  const parts = inner.toSorted((a, b) => a.place.start - b.place.start);
  const words: string[] = [];
  let at = span.start;
  for (const { place } of parts) {
    words.push(reading.text.slice(at, place.start));
    at = place.end;
  }
  const end = endOfForm(reading.text, at, span.end);
  words.push(reading.text.slice(at, end));
  return {
    kind: 'syntax_form',
    name: /^\w+/.exec(reading.text.slice(span.start))?.[0].toUpperCase() ?? kind,
    isAggregate: AGGREGATES.has(kind) && !JSON.stringify(node).includes('"over"'),
    words,
    args: parts.map(({ operand }) => reading.expr(operand)),
    span: { start: span.start, end },
  };
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
