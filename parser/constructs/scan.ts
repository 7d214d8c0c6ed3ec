/**
 * Names, by their keywords, all constructs of a definition that lie outside of what the front end reads, each with its
 * place: a scan of the tokens, so it works where the grammar fails, and it goes on after the first find. Each find also
 * masks its construct, so that the grammar can read the rest and the adapter can say more about it.
 *
 * Covers what keywords tell. What only names can tell (set-returning functions, unknown relations) is the adapter's, and
 * nothing is accepted because this scan found nothing: the adapter reads an allow-list.
 */
import type { Edit } from '../mask.ts';
import type { Source } from '../tokens.ts';
import * as expression from './expression.ts';
import * as query from './query.ts';
import type { Find, Finder } from './state.ts';
import { startScan } from './state.ts';

export type Scan = {
  readonly refusals: readonly Find[];
  readonly edits: readonly Edit[];
  /** False where the definition as a whole is not one SELECT, so that there is nothing to go on with. */
  readonly isSelect: boolean;
};

export function scanConstructs(source: Source): Scan {
  const state = startScan(source);
  for (let at = 0; at < source.tokens.length; ) {
    query.followClause(state, at);
    at = query.findFromItem(state, at) ?? finderOf(source, at)?.(state, at) ?? at + 1;
  }
  return state;
}

function finderOf({ tokens }: Source, at: number): Finder | undefined {
  const token = tokens[at];
  if (token?.kind === 'word') return WORDS.get(token.value);
  return token?.kind === 'punctuation' ? PUNCTUATION.get(token.text) : undefined;
}

const PUNCTUATION: ReadonlyMap<string, Finder> = new Map([
  ['(', query.findSubquery],
  ['.', expression.findDot],
  [':', expression.findSlice],
  ['=>', expression.findNamedArgument],
]);

const WORDS: ReadonlyMap<string, Finder> = new Map<string, Finder>([
  ['with', query.findCtes],
  ['values', query.findValues],
  ...['union', 'intersect', 'except'].map((word) => [word, query.findSetOperation] as const),
  [
    'distinct',
    (state, at) => query.findDistinctOn(state, at) ?? expression.findAggregateDistinct(state, at),
  ],
  ...['left', 'right', 'full'].map((word) => [word, query.findOuterJoin] as const),
  ['natural', query.findNaturalJoin],
  ['join', query.findNestedJoin],
  ['lateral', query.findLateral],
  ['rows', query.findRowsFrom],
  ['only', query.findOnly],
  ['tablesample', query.findTableSample],
  ...['limit', 'offset', 'fetch'].map((word) => [word, query.findLimit] as const),
  ['for', query.findLocking],
  ['over', expression.findWindowFunction],
  ['window', expression.findWindowClause],
  ['within', expression.findOrderedSet],
  ['order', expression.findAggregateOrder],
  ...['rollup', 'cube', 'grouping'].map((word) => [word, expression.findGroupingSets] as const),
  ['group', expression.findEmptyGrouping],
  ['collate', expression.findCollate],
  ['variadic', expression.findVariadic],
  ...[
    'current_catalog',
    'current_date',
    'current_role',
    'current_schema',
    'current_time',
    'current_timestamp',
    'current_user',
    'localtime',
    'localtimestamp',
    'session_user',
    'user',
  ].map((word) => [word, expression.findValueFunction] as const),
  // A column may have this name before PostgreSQL 16; the function is printed in capitals.
  [
    'system_user',
    (state, at) =>
      state.tokens[at]?.text === 'SYSTEM_USER'
        ? expression.findValueFunction(state, at)
        : undefined,
  ],
]);
