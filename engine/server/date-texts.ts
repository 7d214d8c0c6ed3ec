/**
 * Texts that PostgreSQL reads as the same date in every session. Which text that is depends on
 * DateStyle (`01/02/2020`) and on the moment (`today`), but not if
 *   - it is a whole number (`(20200131)::text::date`): digits alone are year, month and day in this
 *     order. With a fraction it can be something else: 12.345 is a day of a year by YMD alone;
 *   - to_char made it of a time, the year first: `to_char(t, 'YYYY-MM-01')::date`.
 * PostgreSQL documentation, B.1 Date/Time Input Interpretation; the tests ask the server.
 */
import { constantOf } from './stored-constants.ts';
import type { TreeNode } from './stored-tree.ts';
import { nodesOf, numberOf, typeOf } from './stored-tree.ts';

/** The input functions of types without a time zone. */
export const READS_DATES: ReadonlySet<string> = new Set(['date_in', 'timestamp_in']);

/** The same and that of a time with a zone: by TimeZone, if no word means the moment. */
export const READS_TIMES: ReadonlySet<string> = new Set([...READS_DATES, 'timestamptz_in']);

/** bigint, smallint, integer. */
const INTEGERS: ReadonlySet<number | null> = new Set([20, 21, 23]);
const NUMERIC = 1700;

const YEAR_FIRST = /^YYYY(-(MM|0[1-9]|1[0-2])-(DD|0[1-9]|[12]\d)|MMDD)( HH24:MI(:SS)?)?$/;

const PRINTS_TIMES = /^to_char\(timestamp with(out)? time zone, text\)$/;

/** `signatureOf`: of the OID of one of PostgreSQL's own functions; nothing for any other. */
export function isDateText(text: TreeNode | null, signatureOf: (oid: number) => string): boolean {
  if (text === null) return false;
  const [arg, format] = nodesOf(text, 'args');
  const [converted] = nodesOf(text, 'arg');
  if (text.node.startsWith('RELABELTYPE'))
    return converted !== undefined && isDateText(converted, signatureOf);
  if (text.node.startsWith('COERCEVIAIO'))
    return converted !== undefined && isWhole(converted, signatureOf);
  if (!text.node.startsWith('FUNCEXPR') || arg === undefined || format === undefined) return false;
  return (
    PRINTS_TIMES.test(signatureOf(numberOf(text, 'funcid') ?? 0)) &&
    YEAR_FIRST.test(constantOf(format)?.text ?? '')
  );
}

const NUMBERS_ALONE = /^(YYYY|YY|MM|DD|HH24|HH12|HH|MI|SS|MS|US|[-/.: ])+$/i;

/**
 * Whether a text has no words, which can mean the moment: a number, or what to_char made of a time.
 * Which date it is depends on settings at most.
 */
export function hasNoWords(text: TreeNode | null, signatureOf: (oid: number) => string): boolean {
  if (text === null) return false;
  const [arg, format] = nodesOf(text, 'args');
  const [converted] = nodesOf(text, 'arg');
  if (text.node.startsWith('RELABELTYPE'))
    return converted !== undefined && hasNoWords(converted, signatureOf);
  if (text.node.startsWith('COERCEVIAIO') && converted !== undefined)
    return INTEGERS.has(typeOf(converted)) || typeOf(converted) === NUMERIC;
  if (!text.node.startsWith('FUNCEXPR') || arg === undefined || format === undefined) return false;
  return (
    PRINTS_TIMES.test(signatureOf(numberOf(text, 'funcid') ?? 0)) &&
    NUMBERS_ALONE.test(constantOf(format)?.text ?? '')
  );
}

/** Whether a number has no fraction by its type: also the extreme of a column. */
function isWhole(expr: TreeNode, signatureOf: (oid: number) => string): boolean {
  if (INTEGERS.has(typeOf(expr))) return true;
  if (expr.node.startsWith('VAR'))
    return typeOf(expr) === NUMERIC && hasNoScale(numberOf(expr, 'vartypmod'));
  const [entry] = nodesOf(expr, 'args');
  const [arg] = entry === undefined ? [] : nodesOf(entry, 'expr');
  const isExtreme =
    expr.node.startsWith('AGGREF') &&
    /^(min|max)\(numeric\)$/.test(signatureOf(numberOf(expr, 'aggfnoid') ?? 0));
  return isExtreme && arg !== undefined && isWhole(arg, signatureOf);
}

/** Of a numeric's type modifier, which is `(precision << 16 | scale) + 4`, or -1 for none. */
const hasNoScale = (modifier: number | null): boolean =>
  modifier !== null && modifier >= 4 && ((modifier - 4) & 0x7ff) === 0;
