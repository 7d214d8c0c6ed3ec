/** Parts of a time that stay for a minute or longer: its day, its month, its hour. */
import type { Expr } from '../../parser/tree.ts';

/** Fields that change once a minute at most. */
const FIELDS = /^(minute|hour|day|dow|isodow|doy|week|month|quarter|year|isoyear|decade|century)$/;

/** Formats of `to_char` that show days and what is longer. */
const FORMATS = /^'(YYYY|YY|IYYY|MM|Mon|Month|DDD|DD|Day|WW|IW|Q|[-/. ])+'$/;

export const isDatePart = (expr: Expr): boolean =>
  (expr.kind === 'cast' && expr.type === 'date') ||
  (expr.kind === 'call' &&
    expr.schema === null &&
    (expr.name === 'date' ||
      (expr.name === 'date_trunc' && /^'(?!milli|micro)/.test(textIn(expr.args[0]))) ||
      (expr.name === 'to_char' && FORMATS.test(textIn(expr.args[1]))) ||
      (/^(extract|date_part)$/.test(expr.name) && FIELDS.test(textIn(expr.args[0]).slice(1, -1)))));

/** A literal with its quotes. */
function textIn(expr: Expr | undefined): string {
  if (expr?.kind === 'cast') return textIn(expr.operand);
  return expr?.kind === 'literal' ? expr.sql : '';
}
