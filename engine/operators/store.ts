/**
 * A store: the table that keeps the rows of an operator, one for each key, with a count and
 * additive parts.
 *
 *   from scratch   for each key: the sum over its rows of weight * contribution, for each part
 *   change         the same over the change of the operator's input, added key by key
 *
 * How a row is found (its identity) is the only thing in which stores differ: `group.ts` and
 * `bag.ts` have one each.
 */
import type { TypeFacts } from '../algebra/facts.ts';
import type { ColumnId } from '../algebra/node.ts';
import type { Extreme, Part } from '../aggregates/parts.ts';
import { firstValue, partSum, zeroOf } from '../aggregates/parts.ts';
import type { Finish } from '../aggregates/rule.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Rows, Term } from './rule.ts';

export type StoredKey = {
  readonly name: string;
  /** Over the rows of the input. */
  readonly value: Sql;
  readonly facts: TypeFacts;
  readonly label: string;
  /** Whether it is a column of a source's primary key, so that few rows have the same value. */
  readonly isSourceKey: boolean;
};

/**
 * A finished aggregate that is more than a part. It is a generated column of the table, so that
 * reading computes nothing, unless its computation can fail for parts that are no group's: an
 * upsert computes generated columns for the change alone as well.
 */
export type Value = {
  readonly name: string;
  readonly type: string;
  readonly finish: Finish;
  readonly stored: boolean;
  readonly label: string;
};

export type Store = {
  readonly identity: Identity;
  readonly keys: readonly StoredKey[];
  readonly parts: readonly Part[];
  /** What is merged (generate/extremes.ts); a changed row has its value in the column. */
  readonly extremes: readonly Extreme[];
  readonly values: readonly Value[];
  /** The stored column that is each column of the operator. */
  readonly columns: ReadonlyMap<ColumnId, string>;
  /** The input whose rows are read: 0 for those of the operator. Parts of others get nothing. */
  readonly input: number;
  /** Null where parts read no more than columns. */
  readonly once: ValuesOnce | null;
};

/** What aggregates read of a row, computed once for all parts (store-rows.ts). */
export type ValuesOnce = {
  /** Over the rows of the operator. */
  readonly values: readonly { readonly name: string; readonly value: Sql }[];
  /** The parts of the store, over these values. */
  readonly parts: readonly Part[];
};

/** The store as rows of another input add to it; `keys`: how the keys are written over these. */
export const fedBy = (store: Store, input: number, keys: readonly Sql[]): Store => ({
  ...store,
  keys: store.keys.map((key, index) => ({ ...key, value: keys[index] ?? key.value })),
  input,
  once: null,
});

/** By what rows are found and grouped. */
export type Identity = {
  /** The columns of the unique key. */
  readonly columns: (keys: readonly StoredKey[]) => readonly string[];
  /** Columns that stand before the keys and are no key of the definition. */
  readonly extra: readonly string[];
  /** The table's content computed from the input's rows. */
  readonly fromScratch: (store: Store, input: Rows) => Sql;
  /**
   * One row for each changed row of the input: its identity, keys and contribution to each part.
   */
  readonly contributions: (store: Store, terms: readonly Term[]) => Sql;
  /** How rows of stored columns under the alias `u` are grouped. */
  readonly grouping: (store: Store) => Grouping;
  /**
   * Columns by which stored rows that a change concerns are looked up: where the change's rows have
   * other values in them, by `OPERATOR(pg_catalog.=)`, the stored row stays as it is. None if there
   * are no such columns. A NULL in one of them says nothing, unless they are never NULL.
   */
  readonly touchedBy: (keys: readonly StoredKey[]) => readonly TouchKey[];
  /** Whether a row goes when its count becomes 0. */
  readonly vanishes: boolean;
  /** Whether a stored row stands for as many rows as its count says, or for one. */
  readonly repeats: boolean;
};

export type TouchKey = { readonly name: string; readonly canBeNull: boolean };

export type Grouping = { readonly select: readonly Sql[]; readonly groupBy: readonly Sql[] };

/**
 * How the definition calls a column of the operator, if it has it unchanged; null if it is only
 * computed from.
 */
export type OutputName = (column: ColumnId) => string | null;

/** The alias of whatever holds stored columns in generated SQL. */
export const STATE = 's';

export const stateColumn = (name: string): Sql => sql`${ident(STATE)}.${ident(name)}`;

export const touchedBy = (store: Store): readonly TouchKey[] =>
  store.identity.touchedBy(store.keys);

/** Keys whose equality is the one by which their values are grouped. */
export const comparable = (keys: readonly StoredKey[]): readonly TouchKey[] =>
  keys.filter(({ facts }) => facts.hasPlainEquality).map(({ name }) => ({ name, canBeNull: true }));

export const identityOf = (store: Store): readonly string[] => store.identity.columns(store.keys);

/** The stored columns that are no parts, in order. */
export const keyColumns = (store: Store): readonly string[] => [
  ...store.identity.extra,
  ...store.keys.map(({ name }) => name),
];

/** The columns that additions are made to; values follow from them. */
export const stateColumns = (store: Store): readonly string[] => [
  ...keyColumns(store),
  ...store.parts.map(({ name }) => name),
  ...store.extremes.map(({ name }) => name),
];

export const storedValues = (store: Store): readonly Value[] =>
  store.values.filter(({ stored }) => stored);

export const computedValues = (store: Store): readonly Value[] =>
  store.values.filter(({ stored }) => !stored);

export const fromScratch = (store: Store, input: Rows): Sql =>
  store.identity.fromScratch(store, input);

export const contributions = (store: Store, terms: readonly Term[]): Sql =>
  store.identity.contributions(store, terms);

/** Adds up rows of stored columns, key by key, of a store without extremes. */
export const summed = (store: Store, rows: Sql): Sql => byKey(store, rows, []);

/** The same of any store; rows that are taken back have no extremes here. */
export const gathered = (store: Store, rows: Sql): Sql =>
  byKey(
    store,
    rows,
    store.extremes.map(
      (one) => sql`${firstValue(one, sql`u.${ident(one.name)}`)} AS ${ident(one.name)}`,
    ),
  );

function byKey(store: Store, rows: Sql, extremes: readonly Sql[]): Sql {
  const parts = store.parts.map(
    (part) => sql`${partSum(part, sql`u.${ident(part.name)}`)} AS ${ident(part.name)}`,
  );
  const { select, groupBy } = store.identity.grouping(store);
  return sql`SELECT
  ${lines([...select, ...parts, ...extremes])}
FROM (
  ${rows}
) AS u${groupBy.length === 0 ? sql`` : sql`\nGROUP BY ${join(groupBy, ', ')}`}`;
}

/**
 * The columns of the operator in a row of stored columns under the alias `s`, each in exactly the
 * type that it is stored in. `missing`: the values that the row does not have.
 */
export function readColumns(store: Store, missing: readonly Value[]): readonly Sql[] {
  return columnsRead(store).map((name) => {
    const value = missing.find((one) => one.name === name);
    if (value !== undefined)
      return sql`(${value.finish(stateColumn)})::${fragment(value.type)} AS ${ident(name)}`;
    const key = store.keys.find((one) => one.name === name);
    // Logs and sums have a domain's values in the base type.
    if (key === undefined || key.facts.type === key.facts.baseType) return stateColumn(name);
    return sql`${stateColumn(name)}::${fragment(key.facts.type)} AS ${ident(name)}`;
  });
}

/** The stored columns that are columns of the operator, once each. */
export const columnsRead = (store: Store): readonly string[] => [
  ...new Set(store.columns.values()),
];

/**
 * False if a summed row changes nothing. Intervals can equal 0 and not be 0 (1 month - 30 days):
 * their bytes tell.
 */
export const changesSomething = (parts: readonly Part[], alias: Sql): Sql =>
  join(
    parts.map((part) => {
      const value = sql`${alias}.${ident(part.name)}`;
      return part.type === 'interval'
        ? sql`pg_catalog.interval_send(${value}) <> pg_catalog.interval_send(${zeroOf(part)})`
        : sql`${value} <> ${zeroOf(part)}`;
    }),
    ' OR ',
  );

/** The type of a stored column. */
export const storedType = (store: Store, name: string): string | undefined =>
  store.keys.find((key) => key.name === name)?.facts.type ??
  [...store.parts, ...store.values].find((one) => one.name === name)?.type ??
  store.extremes.find((one) => one.name === name)?.facts.type;

export const ordinals = (count: number): Sql =>
  fragment(Array.from({ length: count }, (_, index) => index + 1).join(', '));

/** A column of a table that a store was installed as, in the table's order. */
export type InstalledColumn = {
  readonly name: string;
  readonly type: string;
  readonly isGenerated: boolean;
};

/**
 * The store with the names that its columns have in an installed table: keys and parts can be
 * called by columns of sources, which may have been renamed since. Null if the table was not made
 * from such a store.
 */
export function asInstalled(store: Store, installed: readonly InstalledColumn[]): Store | null {
  const planned = [...stateColumns(store), ...storedValues(store).map(({ name }) => name)];
  const types = new Map<string, string>([
    ...store.parts.map(({ name, type }) => [name, type] as const),
    ...store.extremes.map(({ name, facts }) => [name, facts.type] as const),
  ]);
  const generated = new Set(storedValues(store).map(({ name }) => name));
  const keys = new Set(store.keys.map(({ name }) => name));
  const same = planned.every((name, index) => {
    const found = installed[index];
    return (
      found !== undefined &&
      (keys.has(name) || whatOf(found.name) === whatOf(name)) &&
      found.type === (types.get(name) ?? found.type) &&
      found.isGenerated === generated.has(name)
    );
  });
  if (!same || installed.length !== planned.length) return null;
  const names = new Map(planned.map((name, index) => [name, installed[index]?.name ?? name]));
  const named = (name: string): string => names.get(name) ?? name;
  const renamed = (parts: readonly Part[]): readonly Part[] =>
    parts.map((part) => ({ ...part, name: named(part.name) }));
  const { once } = store;
  // A key may have got the name of a value.
  const beside = [...store.keys, ...store.extremes].map(({ name }) => named(name));
  const isTaken = once?.values.some(({ name }) => beside.includes(name)) === true;
  return {
    ...store,
    once: once === null || isTaken ? null : { ...once, parts: renamed(once.parts) },
    keys: store.keys.map((key) => ({ ...key, name: named(key.name) })),
    parts: renamed(store.parts),
    extremes: store.extremes.map((one) => ({ ...one, name: named(one.name) })),
    values: store.values.map((value) => ({
      ...value,
      name: named(value.name),
      finish: (ref) => value.finish((part) => ref(named(part))),
    })),
    columns: new Map([...store.columns].map(([id, name]) => [id, named(name)])),
  };
}

/** The word of a column's name that no renaming of sources changes. */
const whatOf = (name: string): string => name.split('_', 1)[0] ?? '';
