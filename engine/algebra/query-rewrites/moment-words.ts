/**
 * `('yesterday'::text)::date` is CURRENT_DATE - 1, and `('now'::text)::date`, as servers before
 * version 10 printed CURRENT_DATE, is that. So what the word means is known, and moves with time.
 *
 * Right because PostgreSQL reads these words as the date, or the time, at which the transaction
 * began, in the session's time zone. Counter-examples, which stay: a text of a column, which can be
 * such a word; a word with more behind it (`today 08:00`); times of day.
 */
import type { Expr, Query } from '../../../parser/tree.ts';
import { mapExprs } from '../../../parser/walk.ts';
import { now } from '../moments.ts';
import { cast, textOf } from './zoned.ts';

/** Days from today; null is the time at which the transaction began. */
const WORDS: ReadonlyMap<string, number | null> = new Map([
  ['now', null],
  ['today', 0],
  ['yesterday', -1],
  ['tomorrow', 1],
]);

const TIMES: Readonly<Record<string, string>> = {
  date: 'CURRENT_DATE',
  'timestamp without time zone': 'LOCALTIMESTAMP',
};

const WITH_ZONE = 'timestamp with time zone';

/** The same object where no word is read. */
export function withoutMomentWords(query: Query): Query {
  let changed = false;
  const result = mapExprs(query, (node) => {
    const value = node.kind === 'cast' ? meaning(node.operand, node.type) : null;
    changed ||= value !== null;
    return value;
  });
  return changed ? result : query;
}

function meaning(operand: Expr, type: string): Expr | null {
  if (operand.kind !== 'cast' || !(type === WITH_ZONE || Object.hasOwn(TIMES, type))) return null;
  const days = WORDS.get(textOf(operand)?.trim().toLowerCase() ?? '');
  if (days === undefined) return null;
  const word = (sql: string): Expr => ({ kind: 'value_function', sql, span: operand.span });
  if (days === null) return type === WITH_ZONE ? now(operand.span) : word(TIMES[type] ?? '');
  const today = word('CURRENT_DATE');
  const day: Expr =
    days === 0
      ? today
      : {
          kind: 'binary',
          op: days < 0 ? '-' : '+',
          left: today,
          right: { kind: 'literal', sql: '1', span: null },
          span: operand.span,
        };
  return type === 'date' ? day : cast(day, type);
}
