/**
 * Groups with extremes (min, max), stored rows and pending changes together.
 *
 *   net      for each argument, pending values by their weights; those that come and go cancel out
 *   bounds   for each touched group, its parts added up; of each extreme the stored value S, the
 *            first of the values that came I, and the first of those that went O
 *   merged   S or I, whichever comes first in the aggregate's order; derived again from the tables
 *            where O comes no later than S and nothing that came reaches O
 *
 * Why that is right, and what is done about equal values that differ, is in
 * docs/decisions/0054-extremes.md.
 */
import type { Extreme } from '../aggregates/parts.ts';
import { firstValue, isSameInput, partSum } from '../aggregates/parts.ts';
import { imageGrouping, imageOf } from '../operators/image.ts';
import type { Store } from '../operators/store.ts';
import { keyColumns, stateColumns } from '../operators/store.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { and, fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { accessKey, derivedExtreme } from './derived.ts';
import type { Subject } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);
/** The alias of a row of `bounds`. */
const B = ident('b');

export const hasExtremes = ({ extremes }: Store): boolean => extremes.length > 0;

/** Columns beside the stored ones, which are called otherwise. */
type Own = (
  what:
    | 'access'
    | 'argument'
    | 'came'
    | 'went'
    | 'again'
    | 'stored'
    | 'total'
    | 'value'
    | 'weight'
    | 'images',
  number?: number,
) => Sql;

function ownNames(store: Store): Own {
  const taken = stateColumns(store);
  let prefix = 'imat_';
  while (taken.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return (what, number) => ident(`${prefix}${what}${number ?? ''}`);
}

/** Extremes of the same values share what came and went. */
const argumentsOf = ({ extremes }: Store): readonly Extreme[] =>
  extremes.filter((one, at) => extremes.findIndex((other) => isSameInput(one, other)) === at);

const columns = (alias: Sql, names: readonly string[]): readonly Sql[] =>
  names.map((name) => sql`${alias}.${ident(name)}`);

/** Of the type of a stored column; the fold has it as text, which renames of types do not reach. */
const nullOf =
  (state: Sql) =>
  ({ name }: Extreme): Sql =>
    sql`(NULL::${state}).${ident(name)}`;

const isSameType = ({ facts: a }: Extreme, { facts: b }: Extreme): boolean =>
  a.type === b.type && a.collation === b.collation;

/** The first argument of each type, whose arguments share two columns for what came and went. */
const typesOf = (store: Store): readonly Extreme[] => {
  const all = argumentsOf(store);
  return all.filter((one, at) => all.findIndex((other) => isSameType(one, other)) === at);
};

/** The number of an argument's columns. */
const typeNumber = (store: Store, argument: Extreme): number =>
  typesOf(store).findIndex((one) => isSameType(one, argument)) + 1;

/** No argument, and nothing that came or went. */
const nothingNetted = (store: Store, state: Sql): readonly Sql[] => [
  sql`NULL::integer`,
  ...typesOf(store)
    .map(nullOf(state))
    .flatMap((nothing) => [nothing, nothing]),
];

const nettedNames = (store: Store): readonly Sql[] => {
  const own = ownNames(store);
  return [
    own('argument'),
    ...typesOf(store).flatMap((_, at) => [own('came', at + 1), own('went', at + 1)]),
  ];
};

/**
 * The touched groups, as a query over an item `changes` of its WITH clause. `stored`: conditions on
 * stored rows under the alias `s`, of which one holds for each row of a touched group. Parts are
 * those of the changes, and with `isTotal` those of the stored rows as well. The access key is
 * asked for once: for each call, it would make the planner expect so much work that it compiles.
 */
export function boundsOf(
  subject: Subject,
  store: Store,
  stored: readonly Sql[],
  isTotal: boolean,
): Sql {
  const state = subject.names.state.sql;
  const own = ownNames(store);
  const isLostColumns = store.extremes.map(
    (one, at) => sql`${isLost(one, at, own)} AS ${own('again', at + 1)}`,
  );
  const { select, groupBy } = store.identity.grouping(store);
  const all = [...select, ...boundColumns(store, own, isTotal)];
  const by = groupBy.length === 0 ? sql`` : sql`\nGROUP BY ${join(groupBy, ', ')}`;
  const names = [...stateColumns(store).map(ident), ...nettedNames(store), own('stored')];
  return sql`SELECT
  ${lines([sql`${B}.*`, sql`${accessKey(subject)} AS ${own('access')}`, ...isLostColumns])}
FROM (
  SELECT
    ${lines(all)}
  FROM (
    ${join(boundRows(store, state, stored), '\nUNION ALL\n')}
  ) AS u(
    ${lines(names)}
  )${by}
) AS ${B}`;
}

/** Of rows `u` of one group: its parts, and of each extreme S, I and O. */
function boundColumns(store: Store, own: Own, isTotal: boolean): readonly Sql[] {
  const args = argumentsOf(store);
  const parts = store.parts.map((part) => {
    const value = sql`u.${ident(part.name)}`;
    const added = isTotal ? value : sql`CASE WHEN NOT u.${own('stored')} THEN ${value} END`;
    return sql`${partSum(part, added)} AS ${ident(part.name)}`;
  });
  const extremes = store.extremes.flatMap((one, at) => {
    const number = args.findIndex((other) => isSameInput(one, other)) + 1;
    const isOwn = sql`u.${own('argument')} = ${number}`;
    const first = (what: 'came' | 'went'): Sql =>
      firstValue(one, sql`CASE WHEN ${isOwn} THEN u.${own(what, typeNumber(store, one))} END`);
    return [
      sql`${firstValue(one, sql`u.${ident(one.name)}`)} AS ${ident(one.name)}`,
      sql`${first('came')} AS ${own('came', at + 1)}`,
      sql`${first('went')} AS ${own('went', at + 1)}`,
    ];
  });
  const total = sql`COALESCE(pg_catalog.sum(u.${ROWS}), 0)::bigint AS ${own('total')}`;
  return [...parts, ...extremes, total];
}

/**
 * Stored rows, changes, and what came and went, as SELECTs of the same columns. What came and went
 * of all arguments is put together first, by few columns: else the columns of the arguments would
 * multiply with the arguments.
 */
function boundRows(store: Store, state: Sql, stored: readonly Sql[]): readonly Sql[] {
  const added = [...keyColumns(store), ...store.parts.map(({ name }) => name)];
  const netted = nettedNames(store);
  return [
    ...stored.map(
      (where) => sql`SELECT
  ${lines([...columns(ident('s'), stateColumns(store)), ...nothingNetted(store, state), sql`TRUE`])}
FROM ${state} AS s
WHERE ${where}`,
    ),
    sql`SELECT
  ${lines([
    ...columns(ident('c'), added),
    ...store.extremes.map(nullOf(state)),
    ...nothingNetted(store, state),
    sql`FALSE`,
  ])}
FROM changes AS c`,
    sql`SELECT
  ${lines([
    ...columns(ident('n'), keyColumns(store)),
    ...store.parts.map(({ type }) => sql`NULL::${fragment(type)}`),
    ...store.extremes.map(nullOf(state)),
    ...netted.map((name) => sql`n.${name}`),
    sql`FALSE`,
  ])}
FROM (
  ${join(
    argumentsOf(store).map((one, at) => netRows(store, state, one, at + 1)),
    '\nUNION ALL\n',
  )}
) AS n(
  ${lines([...keyColumns(store).map(ident), ...netted])}
)`,
  ];
}

/**
 * The values of one argument that came or went. Values that are equal and not the same are netted
 * by their images; if several of them came or went, all count as gone, because any of them can be
 * the answer.
 */
function netRows(store: Store, state: Sql, argument: Extreme, number: number): Sql {
  const value = sql`u.${ident(argument.name)}`;
  const image = imageGrouping(value, argument.facts);
  const { select, groupBy } = store.identity.grouping(store);
  const own = ownNames(store);
  const [netValue, weight, count] = [own('value'), own('weight'), own('images')];
  const isSame = argument.facts.equalIsSame;
  const sameValue = join([...groupBy, value], ', ');
  const net = [
    ...select,
    sql`${image.select} AS ${netValue}`,
    sql`pg_catalog.sum(u.${ROWS}) AS ${weight}`,
    ...(isSame ? [] : [sql`pg_catalog.count(*) OVER (PARTITION BY ${sameValue}) AS ${count}`]),
  ];
  const isLess = sql`n.${weight} < 0`;
  const isGone = isSame ? isLess : sql`${isLess} OR n.${count} > 1`;
  const netted = typesOf(store).flatMap((one) =>
    isSameType(one, argument)
      ? [
          sql`CASE WHEN n.${weight} > 0 THEN n.${netValue} END`,
          sql`CASE WHEN ${isGone} THEN n.${netValue} END`,
        ]
      : [nullOf(state)(one), nullOf(state)(one)],
  );
  return sql`SELECT
  ${lines([...columns(ident('n'), keyColumns(store)), sql`${number}`, ...netted])}
FROM (
  SELECT
    ${lines(net)}
  FROM changes AS u
  WHERE ${value} IS NOT NULL
  GROUP BY ${join([...groupBy, ...image.groupBy], ', ')}
  HAVING pg_catalog.sum(u.${ROWS}) <> 0
) AS n`;
}

/** Whether the rows of the group must tell the extreme again. */
function isLost(one: Extreme, at: number, own: Own): Sql {
  const [stored, came, went] = [
    sql`${B}.${ident(one.name)}`,
    sql`${B}.${own('came', at + 1)}`,
    sql`${B}.${own('went', at + 1)}`,
  ];
  const reaches = (a: Sql, b: Sql): Sql => sql`${a} ${one.reaches} ${b}`;
  const isReached = sql`(${stored} IS NULL OR ${reaches(went, stored)})`;
  // Of values that are equal and not the same, only one that comes before all others is sure.
  const isCovered = one.facts.equalIsSame ? reaches(came, went) : sql`NOT ${reaches(went, came)}`;
  const gone = sql`${went} IS NOT NULL AND ${isReached} AND (${isCovered}) IS NOT TRUE`;
  const hasRows = sql`${B}.${own('total')} <> 0`;
  if (one.facts.equalIsSame) return sql`${hasRows} AND ${gone}`;
  const images = [came, stored].map((value) => imageOf(value, one.facts));
  const tied = and([
    sql`(${reaches(came, stored)}) IS TRUE`,
    sql`(${reaches(stored, came)}) IS TRUE`,
    sql`${images[0] ?? sql``} <> ${images[1] ?? sql``}`,
  ]);
  return sql`${hasRows} AND (${gone} OR COALESCE(${tied}, FALSE))`;
}

/** Whether a row of `bounds` has an extreme that must be derived again. */
export const isAgain = (store: Store): Sql => {
  const own = ownNames(store);
  return join(
    store.extremes.map((_, at) => sql`${B}.${own('again', at + 1)}`),
    ' OR ',
  );
};

/** The rows of the group now, over all changes and what is stored. */
export const totalOf = (store: Store): Sql => sql`${B}.${ownNames(store)('total')}`;

/** The stored columns of a row of `bounds`. */
export function mergedColumns(subject: Subject, store: Store): readonly Sql[] {
  return [
    ...columns(B, [...keyColumns(store), ...store.parts.map(({ name }) => name)]),
    ...store.extremes.map(
      (one, at) => sql`${merged(subject, store, one, at)} AS ${ident(one.name)}`,
    ),
  ];
}

function merged(subject: Subject, store: Store, one: Extreme, at: number): Sql {
  const own = ownNames(store);
  const [stored, came] = [sql`${B}.${ident(one.name)}`, sql`${B}.${own('came', at + 1)}`];
  const access = sql`${B}.${own('access')}`;
  return sql`CASE
  WHEN ${B}.${own('total')} = 0 THEN NULL
  WHEN ${B}.${own('again', at + 1)} THEN ${derivedExtreme(subject, store, at, access)}
  WHEN ${came} IS NULL THEN ${stored}
  WHEN ${stored} IS NULL OR ${came} ${one.reaches} ${stored} THEN ${came}
  ELSE ${stored}
END`;
}

/** The stored extremes of a row of `bounds`, beside the merged ones. */
export function storedExtremes(store: Store): readonly Sql[] {
  const own = ownNames(store);
  return store.extremes.map(({ name }, at) => sql`${B}.${ident(name)} AS ${own('stored', at + 1)}`);
}

/** Whether merging has changed an extreme of a row that has both. */
export function extremesDiffer(store: Store, alias: Sql): Sql {
  const own = ownNames(store);
  return join(
    store.extremes.map((one, at) => {
      const before = sql`${alias}.${own('stored', at + 1)}`;
      const now = sql`${alias}.${ident(one.name)}`;
      return one.facts.equalIsSame
        ? sql`${before} IS DISTINCT FROM ${now}`
        : sql`${imageOf(before, one.facts)} IS DISTINCT FROM ${imageOf(now, one.facts)}`;
    }),
    ' OR ',
  );
}
