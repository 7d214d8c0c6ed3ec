/**
 * Finds where a type name ends that stands after `::`, as PostgreSQL prints types: `numeric(10,2)`,
 * `timestamp(3) without time zone`, `interval day to second(0)`, `character varying(5)[]`, `public."Mood"`.
 * pgsql-ast-parser loses some of these (`time(3)` becomes a timestamp, interval fields fail), so types are read here.
 * Not covered: `SETOF`, `%TYPE` and the SQL spelling `ARRAY`, which no cast is printed with.
 */
import type { Source } from './tokens.ts';
import { isName, isPunctuation, isWord } from './tokens.ts';

const INTERVAL_FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second', 'to'];

/** The index after the last token of the type name that starts at token `first`; `first` itself where none starts there. */
export function endOfType(source: Source, first: number): number {
  return skipDimensions(source, endOfElementType(source, first));
}

function endOfElementType({ tokens, partners }: Source, first: number): number {
  const typmod = (at: number): number =>
    isPunctuation(tokens[at], '(') ? (partners[at] ?? at) + 1 : at;
  const token = tokens[first];
  if (!isName(token)) return first;
  if (isPunctuation(tokens[first + 1], '.') && isName(tokens[first + 2])) return typmod(first + 3);
  if (isWord(token, 'double') && isWord(tokens[first + 1], 'precision')) return first + 2;
  if (isWord(token, 'character', 'bit', 'national') && isWord(tokens[first + 1], 'varying'))
    return typmod(first + 2);
  if (isWord(token, 'interval')) return endOfInterval();
  const after = typmod(first + 1);
  const zoned =
    isWord(token, 'time', 'timestamp') &&
    isWord(tokens[after], 'with', 'without') &&
    isWord(tokens[after + 1], 'time');
  return zoned ? after + 3 : after;

  function endOfInterval(): number {
    let at = typmod(first + 1);
    while (isWord(tokens[at], ...INTERVAL_FIELDS)) at += 1;
    return typmod(at);
  }
}

function skipDimensions({ tokens }: Source, from: number): number {
  let at = from;
  while (isPunctuation(tokens[at], '[') && isPunctuation(tokens[at + 1], ']')) at += 2;
  return at;
}
