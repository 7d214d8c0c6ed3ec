/**
 * The rows that a store is made of: all, from scratch, and those that a change adds or takes back.
 *
 * A sum of numerics has up to five parts, each with conditions on the argument. PostgreSQL computes
 * an expression wherever it stands, so an argument that is more than a column would be computed up
 * to seven times for each row. So it is a column of a subquery (`v`), which PostgreSQL must not
 * pull up: from scratch because of an OFFSET, in a change because of UNION ALL, through which
 * conditions still go down to the logs (docs/decisions/0059-values-once.md).
 */
import {
  extremeFromScratch,
  firstValue,
  partFromScratch,
  partOfRow,
  valueOfRow,
  zeroOf,
} from '../aggregates/parts.ts';
import type { Extreme, Part } from '../aggregates/parts.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Rows, Term } from './rule.ts';
import { fromWhere, termLabel } from './rule.ts';
import type { Store, ValuesOnce } from './store.ts';

const VALUES = ident('v');
const WEIGHT = OWN_COLUMNS.rows;

/** A value that is computed once, or another column beside it. */
export const valueOnce = (name: string): Sql => sql`${VALUES}.${ident(name)}`;

/** The keys as they are computed from the input's rows. */
export const keyValues = (store: Store): readonly Sql[] =>
  store.keys.map(({ name, value }) => sql`${value} AS ${ident(name)}`);

/** Parts and extremes after `keys`, over all rows: a SELECT without its GROUP BY. */
export function scratchRows(store: Store, input: Rows, keys: readonly Sql[]): Sql {
  const { once } = store;
  if (once === null) {
    const parts = partColumns(store, store.parts, partFromScratch);
    return sql`SELECT
  ${lines([...keys, ...parts, ...extremesOf(store, extremeFromScratch)])}
${fromWhere(input)}`;
  }
  const parts = partColumns(store, once.parts, partFromScratch);
  const extremes = store.extremes.map(
    (one) => sql`${firstValue(one, valueOnce(one.name))} AS ${ident(one.name)}`,
  );
  return sql`SELECT
  ${lines([...keysOnce(store, keys), ...parts, ...extremes])}
FROM (
  SELECT
    ${lines(valuesOf(store, once))}
  ${fromWhere(input)}
  -- Computes each value once. As a bigint it does not keep PostgreSQL from reading in parallel.
  OFFSET '0'::bigint
) AS ${VALUES}`;
}

/** The rows of the terms, with `keys` and what each contributes to the parts. */
export function termRows(store: Store, terms: readonly Term[], keys: readonly Sql[]): Sql {
  const { once } = store;
  if (once === null) return union(terms, (term) => contributions(store, term, keys));
  const rows = union(terms, (term) => [
    ...valuesOf(store, once),
    sql`${term.weight} AS ${ident(WEIGHT)}`,
  ]);
  const weight = valueOnce(WEIGHT);
  const parts = partColumns(store, once.parts, (part) => partOfRow(part, weight));
  const extremes = store.extremes.map(({ name }) => valueOnce(name));
  const isUnion = terms.length > 1;
  return sql`SELECT
  ${lines([...keysOnce(store, keys), ...parts, ...extremes])}
FROM (
  ${rows}${isUnion ? sql`` : sql`\nUNION ALL\n${noRow(store, once)}`}
) AS ${VALUES}`;
}

const contributions = (store: Store, { weight }: Term, keys: readonly Sql[]): readonly Sql[] => [
  ...keys,
  ...partColumns(store, store.parts, (part) => partOfRow(part, weight)),
  ...extremesOf(store, valueOfRow),
];

const union = (terms: readonly Term[], columns: (term: Term) => readonly Sql[]): Sql =>
  join(
    terms.map(
      (term) => sql`-- ${termLabel(term)}
SELECT
  ${lines(columns(term))}
${fromWhere(term)}`,
    ),
    '\nUNION ALL\n',
  );

/**
 * With one SELECT alone, PostgreSQL would pull the subquery up. A NULL without a type would take
 * the length or precision from a key. The values of a domain come from a log in the base type,
 * which such a NULL leaves them.
 */
function noRow(store: Store, { values }: ValuesOnce): Sql {
  const keys = store.keys.map(({ facts }) =>
    facts.type === facts.baseType ? sql`NULL::${fragment(facts.type)}` : sql`NULL`,
  );
  const others = Array<Sql>(values.length + store.extremes.length + 1).fill(sql`NULL`);
  return sql`-- never a row: so that each value is computed once
SELECT ${join([...keys, ...others], ', ')} WHERE FALSE`;
}

/** Without a key, what stands for the keys reads no row. */
const keysOnce = (store: Store, keys: readonly Sql[]): readonly Sql[] =>
  store.keys.length === 0 ? keys : store.keys.map(({ name }) => valueOnce(name));

const valuesOf = (store: Store, { values }: ValuesOnce): readonly Sql[] => [
  ...keyValues(store),
  ...values.map(({ name, value }) => sql`${value} AS ${ident(name)}`),
  ...extremesOf(store, valueOfRow),
];

const partColumns = (
  store: Store,
  parts: readonly Part[],
  valueOf: (part: Part) => Sql,
): readonly Sql[] =>
  parts.map((part) => {
    const value = part.input === store.input ? valueOf(part) : zeroOf(part);
    return sql`${value} AS ${ident(part.name)}`;
  });

/** The extremes that rows of an input have: those of other rows than its own are NULL. */
const extremesOf = (store: Store, valueOf: (extreme: Extreme) => Sql): readonly Sql[] =>
  store.extremes.map((one) => {
    const value = store.input === 0 ? valueOf(one) : sql`NULL::${fragment(one.facts.type)}`;
    return sql`${value} AS ${ident(one.name)}`;
  });
