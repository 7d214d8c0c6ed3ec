/**
 * Finders of constructs in expressions: window functions, aggregates with DISTINCT or ORDER BY, grouping sets, value
 * functions such as CURRENT_DATE, and forms that the grammar cannot read.
 */
import { isName, isPunctuation, isWord } from '../tokens.ts';
import type { Finder } from './state.ts';
import { blank, callEndingAt, closeOf, find, nameAt } from './state.ts';

export const findAggregateDistinct: Finder = (state, at) => {
  const open = state.enclosing[at];
  if (open === undefined || open !== at - 1) return undefined;
  const close = closeOf(state, open);
  const { first, name } = callEndingAt(state, close);
  find(
    state,
    'aggregate_distinct',
    `aggregate "${name}" with DISTINCT cannot be maintained incrementally`,
    [first, close],
    blank(at, at),
  );
  return at + 1;
};

/** ORDER BY within parentheses: subqueries, windows and ordered sets are skipped, so it belongs to an aggregate or a branch. */
export const findAggregateOrder: Finder = (state, at) => {
  const open = state.enclosing[at];
  if (open === undefined || isWord(state.tokens[open + 1], 'select')) return undefined;
  const close = closeOf(state, open);
  const { first, name } = callEndingAt(state, close);
  const message = `aggregate "${name}" with ORDER BY cannot be maintained incrementally`;
  find(state, 'aggregate_order_by', message, [first, close], blank(at, close - 1));
  return close;
};

/** `f(...) OVER (...)`, `f(...) OVER w`. */
export const findWindowFunction: Finder = (state, at) => {
  const next = state.tokens[at + 1];
  if (!isPunctuation(state.tokens[at - 1], ')') || !(isName(next) || isPunctuation(next, '(')))
    return undefined;
  const last = isName(next) ? at + 1 : closeOf(state, at + 1);
  const { first, name } = callEndingAt(state, at - 1);
  return find(
    state,
    'window_function',
    `window function "${name}" cannot be maintained incrementally`,
    [first, last],
    blank(at, last),
  );
};

/** `WINDOW w AS (...), ...`; the word is reserved, so unquoted it is the clause. */
export const findWindowClause: Finder = (state, at) => {
  let last = at - 1;
  do {
    last = closeOf(state, last + 4);
  } while (isPunctuation(state.tokens[last + 1], ','));
  return find(
    state,
    'window_function',
    'WINDOW clause cannot be maintained incrementally',
    [at, last],
    blank(at, last),
  );
};

/** `f(...) WITHIN GROUP (ORDER BY ...)`, with the FILTER that may follow. */
export const findOrderedSet: Finder = (state, at) => {
  if (!isWord(state.tokens[at + 1], 'group') || !isPunctuation(state.tokens[at - 1], ')'))
    return undefined;
  let last = closeOf(state, at + 2);
  if (isWord(state.tokens[last + 1], 'filter')) last = closeOf(state, last + 2);
  const { first, name } = callEndingAt(state, at - 1);
  const message = `ordered-set aggregate "${name}" cannot be maintained incrementally`;
  return find(state, 'ordered_set_aggregate', message, [first, last], blank(at, last));
};

/** `ROLLUP (...)`, `CUBE (...)`, `GROUPING SETS (...)` and the function `GROUPING(...)`. */
export const findGroupingSets: Finder = (state, at) => {
  const open = isWord(state.tokens[at + 1], 'sets') ? at + 2 : at + 1;
  if (!isPunctuation(state.tokens[open], '(') || isPunctuation(state.tokens[at - 1], '.'))
    return undefined;
  const close = closeOf(state, open);
  const words = `${nameAt(state, at).toUpperCase()}${open === at + 2 ? ' SETS' : ''}`;
  return find(state, 'grouping_sets', `${words} cannot be maintained incrementally`, [at, close], {
    first: at,
    last: close,
    text: '1',
  });
};

/** `GROUP BY ()`. */
export const findEmptyGrouping: Finder = (state, at) => {
  if (!isPunctuation(state.tokens[at + 2], '(') || !isPunctuation(state.tokens[at + 3], ')'))
    return undefined;
  const edit = { first: at + 2, last: at + 3, text: '1' };
  return find(state, 'grouping_sets', 'GROUP BY () is not supported', [at + 2, at + 3], edit);
};

export const findValueFunction: Finder = (state, at) => {
  const last = isPunctuation(state.tokens[at + 1], '(') ? closeOf(state, at + 1) : at;
  const message = `${nameAt(state, at).toUpperCase()} changes without a change of any row`;
  return find(state, 'value_function', message, [at, last], { first: at, last, text: '1' });
};

export const findCollate: Finder = (state, at) => {
  const last = isPunctuation(state.tokens[at + 2], '.') ? at + 3 : at + 1;
  return find(
    state,
    'collate',
    `COLLATE "${nameAt(state, last)}" is not supported`,
    [at, last],
    blank(at, last),
  );
};

export const findVariadic: Finder = (state, at) => {
  find(state, 'variadic', 'VARIADIC argument is not supported', [at, at], blank(at, at));
  return at + 1;
};

export const findNamedArgument: Finder = (state, at) =>
  find(
    state,
    'named_argument',
    `named argument "${nameAt(state, at - 1)}" is not supported`,
    [at - 1, at],
    blank(at - 1, at),
  );

/** `t.*` as a value, and `(composite).field`. */
export const findDot: Finder = (state, at) => {
  if (state.tokens[at + 1]?.text === '*') {
    const message = `whole-row reference "${nameAt(state, at - 1)}.*" is not supported`;
    return find(state, 'whole_row', message, [at - 1, at + 1], blank(at, at + 1));
  }
  if (!isPunctuation(state.tokens[at - 1], ')')) return undefined;
  const message = `field "${nameAt(state, at + 1)}" of a composite value is not supported`;
  return find(state, 'composite_field', message, [at, at + 1], blank(at, at + 1));
};

/** `a[1:2]`. */
export const findSlice: Finder = (state, at) => {
  const open = state.enclosing[at];
  if (open === undefined || !isPunctuation(state.tokens[open], '[')) return undefined;
  const close = closeOf(state, open);
  return find(state, 'array_slice', 'array slice is not supported', [open, close], {
    first: open + 1,
    last: close - 1,
    text: '1',
  });
};
