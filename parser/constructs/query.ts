/**
 * Finders of constructs that a query is built from: subqueries, CTEs, set operations, joins, table functions, clauses
 * behind the SELECT. What is inside a subquery or a CTE is not looked at: the whole of it is refused.
 */
import { isName, isPunctuation, isWord } from '../tokens.ts';
import type { Finder, State } from './state.ts';
import { blank, closeOf, find, lastToken, nameAt } from './state.ts';

const SET_OPERATORS = ['union', 'intersect', 'except'];
const CLAUSES = [
  'where',
  'group',
  'having',
  'window',
  'order',
  'limit',
  'offset',
  'fetch',
  'for',
  ...SET_OPERATORS,
];

/** Keeps track of whether the scan is in the FROM clause. */
export function followClause(state: State, at: number): void {
  const token = state.tokens[at];
  if (state.enclosing[at] !== undefined) return;
  if (isWord(token, 'from') && !isWord(state.tokens[at - 1], 'distinct')) state.inFrom = true;
  else if (isWord(token, ...CLAUSES)) state.inFrom = false;
}

export const findSubquery: Finder = (state, open) => {
  if (!isWord(state.tokens[open + 1], 'select', 'with', 'values') || isBranch(state, open))
    return undefined;
  const close = closeOf(state, open);
  const edit = { first: open + 1, last: close - 1, text: 'select 1' };
  if (isWord(state.tokens[open + 1], 'values'))
    return find(state, 'values', 'VALUES list is not supported', [open, close], edit);
  return find(
    state,
    'subquery',
    `${subqueryForm(state, open)} cannot be maintained incrementally`,
    [open, close],
    edit,
  );
};

/** True for the parenthesis around a branch of a set operation or around the whole query. */
function isBranch(state: State, open: number): boolean {
  const before = isWord(state.tokens[open - 1], 'all') ? open - 2 : open - 1;
  return before < 0 || isWord(state.tokens[before], ...SET_OPERATORS);
}

function subqueryForm(state: State, open: number): string {
  const before = state.tokens[open - 1];
  if (isWord(before, 'exists')) return 'EXISTS subquery';
  if (isWord(before, 'in')) return 'IN subquery';
  if (isWord(before, 'any', 'all', 'some'))
    return `${nameAt(state, open - 1).toUpperCase()} subquery`;
  if (isWord(before, 'array')) return 'ARRAY subquery';
  return isWord(before, 'from', 'join') || (state.inFrom && isPunctuation(before, ','))
    ? 'subquery in FROM'
    : 'scalar subquery';
}

/** `WITH a AS (...), b AS (...)` at the start: one find for each. */
export const findCtes: Finder = (state, start) => {
  if (start !== 0) return undefined;
  state.isSelect = false;
  const recursive = isWord(state.tokens[1], 'recursive');
  for (let name = recursive ? 2 : 1; ; ) {
    let open = name;
    while (open < state.tokens.length && !isWord(state.tokens[open], 'as')) open += 1;
    while (open < state.tokens.length && !isPunctuation(state.tokens[open], '(')) open += 1;
    const close = closeOf(state, open);
    const form = recursive ? 'recursive CTE' : 'CTE';
    find(
      state,
      recursive ? 'recursive_cte' : 'cte',
      `${form} "${nameAt(state, name)}" cannot be maintained incrementally`,
      [name, close],
    );
    if (!isPunctuation(state.tokens[close + 1], ',')) return close + 1;
    name = close + 2;
  }
};

export const findValues: Finder = (state, at) => {
  if (at !== 0) return undefined;
  state.isSelect = false;
  return find(state, 'values', 'VALUES list is not supported', [at, at]);
};

export const findSetOperation: Finder = (state, at) => {
  state.isSelect = false;
  const all = isWord(state.tokens[at + 1], 'all');
  const words = `${nameAt(state, at).toUpperCase()}${all ? ' ALL' : ''}`;
  return find(state, 'set_operation', `${words} cannot be maintained incrementally`, [
    at,
    all ? at + 1 : at,
  ]);
};

export const findDistinctOn: Finder = (state, at) => {
  if (!isWord(state.tokens[at + 1], 'on')) return undefined;
  const close = closeOf(state, at + 2);
  return find(
    state,
    'distinct_on',
    'DISTINCT ON cannot be maintained incrementally',
    [at, close],
    blank(at + 1, close),
  );
};

export const findOuterJoin: Finder = (state, at) => {
  const join = isWord(state.tokens[at + 1], 'outer') ? at + 2 : at + 1;
  if (!isWord(state.tokens[join], 'join')) return undefined;
  // Not behind the JOIN: what is joined may be a find of its own.
  find(
    state,
    'outer_join',
    `${nameAt(state, at).toUpperCase()} JOIN cannot be maintained incrementally`,
    [at, join],
  );
  return join;
};

export const findNaturalJoin: Finder = (state, at) => {
  find(
    state,
    'natural_join',
    'NATURAL JOIN is only read as PostgreSQL prints it, with USING',
    [at, at],
    blank(at, at),
  );
  return at + 1;
};

export const findNestedJoin: Finder = (state, at) => {
  if (
    !isPunctuation(state.tokens[at + 1], '(') ||
    isWord(state.tokens[at + 2], 'select', 'with', 'values')
  )
    return undefined;
  find(state, 'nested_join', 'join with a parenthesised right side is not supported', [
    at + 1,
    closeOf(state, at + 1),
  ]);
  return at + 1;
};

export const findLateral: Finder = (state, at) => {
  const isSubquery = isPunctuation(state.tokens[at + 1], '(');
  const last = isSubquery ? closeOf(state, at + 1) : at;
  find(state, 'lateral', 'LATERAL cannot be maintained incrementally', [at, last], blank(at, at));
  if (isSubquery) state.edits.push({ first: at + 2, last: last - 1, text: 'select 1' });
  return isSubquery ? last + 1 : (findTableFunction(state, at + 1) ?? at + 1);
};

/** True where an item of FROM starts behind this token. */
function startsFromItem(state: State, at: number): boolean {
  const token = state.tokens[at];
  if (!state.inFrom || isWord(token, 'join')) return state.inFrom;
  return state.enclosing[at] === undefined && (isWord(token, 'from') || isPunctuation(token, ','));
}

/** A call where an item of FROM starts. */
export const findFromItem: Finder = (state, at) =>
  startsFromItem(state, at) ? findTableFunction(state, at + 1) : undefined;

const findTableFunction: Finder = (state, first) => {
  const name = isPunctuation(state.tokens[first + 1], '.') ? first + 2 : first;
  if (
    !isName(state.tokens[name]) ||
    isWord(state.tokens[name], 'lateral') ||
    !isPunctuation(state.tokens[name + 1], '(')
  )
    return undefined;
  const close = closeOf(state, name + 1);
  const message = `table function "${nameAt(state, name)}" cannot be maintained incrementally`;
  const edit = isWord(state.tokens[close + 1], 'with')
    ? blank(name + 1, close + 2)
    : blank(name + 1, close);
  const next = find(state, 'table_function', message, [first, close], edit);
  const alias = isWord(state.tokens[next], 'as') ? next + 1 : next;
  if (isName(state.tokens[alias]) && isPunctuation(state.tokens[alias + 1], '(')) {
    state.edits.push(blank(alias + 1, closeOf(state, alias + 1)));
    return closeOf(state, alias + 1) + 1;
  }
  return next;
};

export const findRowsFrom: Finder = (state, at) => {
  const isItem = startsFromItem(state, at - 1) || isWord(state.tokens[at - 1], 'lateral');
  if (!isItem || !isWord(state.tokens[at + 1], 'from')) return undefined;
  return find(state, 'table_function', 'ROWS FROM cannot be maintained incrementally', [
    at,
    closeOf(state, at + 2),
  ]);
};

export const findOnly: Finder = (state, at) => {
  find(state, 'only', `ONLY "${nameAt(state, at + 1)}" is not supported`, [at, at], blank(at, at));
  return at + 1;
};

export const findTableSample: Finder = (state, at) => {
  let last = closeOf(state, at + 2);
  if (isWord(state.tokens[last + 1], 'repeatable')) last = closeOf(state, last + 2);
  return find(
    state,
    'tablesample',
    'TABLESAMPLE cannot be maintained incrementally',
    [at, last],
    blank(at, last),
  );
};

/** The last token of the SELECT that a clause at its end belongs to: a branch of a set operation has parentheses around it. */
function endOfSelect(state: State, at: number): number {
  const open = state.enclosing[at];
  return open === undefined ? lastToken(state) : closeOf(state, open) - 1;
}

export const findLimit: Finder = (state, at) => {
  const last = endOfSelect(state, at);
  return find(
    state,
    'limit',
    `${nameAt(state, at).toUpperCase()} cannot be maintained incrementally`,
    [at, last],
    blank(at, last),
  );
};

export const findLocking: Finder = (state, at) => {
  if (!isWord(state.tokens[at + 1], 'update', 'share', 'no', 'key')) return undefined;
  const last = endOfSelect(state, at);
  return find(state, 'locking', 'locking clause is not supported', [at, last], blank(at, last));
};
