/**
 * `date_part('year', t)::text` prints a whole number that PostgreSQL computes as double precision,
 * whose text depends on extra_float_digits. As a numeric it has the text that any setting of 0 and
 * more gives, and depends on none. `extract` had the same type before PostgreSQL 14, so definitions
 * that were written then have it.
 *
 * Counter-examples, which stay: seconds, epoch and julian, which have fractions, and any other
 * double precision, of which a numeric keeps 15 digits only.
 */
import type { Expr, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { cast, textOf } from './zoned.ts';

const WHOLE: ReadonlySet<string> = new Set(
  'millennium century decade year isoyear quarter month week day dow isodow doy hour minute'.split(
    ' ',
  ),
);

const PRINTED = /^(text|character varying|varchar)/;

/** The same object where nothing of the kind is printed. */
export function printWholeFields(query: Query): Query {
  let changed = false;
  const result = mapExprs(query, (node) => {
    if (node.kind !== 'cast' || !PRINTED.test(node.type) || !isWholeField(node.operand))
      return null;
    changed = true;
    return { ...node, operand: cast(node.operand, 'numeric') };
  });
  return changed ? result : query;
}

const isWholeField = (expr: Expr): boolean =>
  expr.kind === 'call' &&
  expr.schema === null &&
  expr.name === 'date_part' &&
  WHOLE.has(textOf(expr.args[0])?.toLowerCase() ?? '');
