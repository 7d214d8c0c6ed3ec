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
import { keyColumns } from '../operators/store.ts';
import type { AddPlan } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { and, fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { derivedExtreme } from './derived.ts';
import type { Subject } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);
/** The alias of a row of `bounds`. */
const B = ident('b');

export const hasExtremes = ({ extremes }: Store): boolean => extremes.length > 0;

/** Columns beside the stored ones; stored columns are called otherwise. */
type Own = (what: 'came' | 'went' | 'again' | 'stored' | 'total', number?: number) => Sql;

function ownNames(store: Store): Own {
  const taken = [...keyColumns(store), ...[...store.parts, ...store.extremes].map((p) => p.name)];
  let prefix = 'imat_';
  while (taken.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return (what, number) => ident(`${prefix}${what}${number ?? ''}`);
}

/** Extremes of the same values share what came and went. */
const argumentsOf = ({ extremes }: Store): readonly Extreme[] =>
  extremes.filter((one, at) => extremes.findIndex((other) => isSameInput(one, other)) === at);

const argumentOf = (store: Store, extreme: Extreme): number =>
  argumentsOf(store).findIndex((one) => isSameInput(one, extreme)) + 1;

const typed = ({ facts }: Extreme): Sql => sql`NULL::${fragment(facts.type)}`;

/**
 * The values of one argument that came or went, as rows of `bounds`. Values that are equal and not
 * the same are netted by their images; if several of them came or went, any of them can have been
 * the stored one, so they count as gone.
 */
function netRows(store: Store, argument: Extreme): Sql {
  const value = sql`u.${ident(argument.name)}`;
  const image = imageGrouping(value, argument.facts);
  const grouping = store.identity.grouping(store);
  const keys = keyColumns(store).map(ident);
  const isTied = argument.facts.equalIsSame ? sql`FALSE` : sql`n.images > 1`;
  const images = argument.facts.equalIsSame
    ? []
    : [
        sql`pg_catalog.count(*) OVER (PARTITION BY ${join([...grouping.groupBy, value], ', ')}) AS images`,
      ];
  const others = argumentsOf(store).flatMap((one) => {
    if (one !== argument) return [typed(one), typed(one)];
    return [
      sql`CASE WHEN n.weight > 0 THEN n.value END`,
      sql`CASE WHEN n.weight < 0 OR ${isTied} THEN n.value END`,
    ];
  });
  return sql`-- ${fragment(argument.comment.replaceAll(/[\r\n]/g, ' '))}: what came and went
SELECT ${join([...keys.map((key) => sql`n.${key}`), ...nothing(store), ...others, sql`FALSE`], ', ')}
FROM (
  SELECT
    ${lines([...grouping.select, sql`${image.select} AS value`, sql`pg_catalog.sum(u.${ROWS}) AS weight`, ...images])}
  FROM changes AS u
  WHERE ${value} IS NOT NULL
  GROUP BY ${join([...grouping.groupBy, ...image.groupBy], ', ')}
  HAVING pg_catalog.sum(u.${ROWS}) <> 0
) AS n`;
}

/** Parts and extremes of a row that has none. */
const nothing = (store: Store): readonly Sql[] => [
  ...store.parts.map(({ type }) => sql`NULL::${fragment(type)}`),
  ...store.extremes.map(typed),
];

/**
 * The touched groups as items of a WITH clause that has `changes`. `stored`: touched stored rows,
 * as conditions on the state under an alias `s`, one SELECT each. Parts are those of the changes
 * and, if `isTotal`, of the stored rows.
 */
export function boundsOf(store: Store, state: Sql, stored: readonly Sql[], isTotal: boolean): Sql {
  const own = ownNames(store);
  const args = argumentsOf(store);
  const columns = (alias: Sql): Sql[] => [
    ...keyColumns(store).map((name) => sql`${alias}.${ident(name)}`),
    ...store.parts.map(({ name }) => sql`${alias}.${ident(name)}`),
  ];
  const noneNetted = args.flatMap((one) => [typed(one), typed(one)]);
  const named = [
    ...keyColumns(store),
    ...[...store.parts, ...store.extremes].map(({ name }) => name),
  ].map(ident);
  const netted = args.flatMap((_, at) => [own('came', at + 1), own('went', at + 1)]);
  const s = ident('s');
  const rows = [
    ...stored.map(
      (
        where,
      ) => sql`SELECT ${join([...columns(s), ...store.extremes.map(({ name }) => sql`s.${ident(name)}`), ...noneNetted, sql`TRUE`], ', ')}
FROM ${state} AS s
WHERE ${where}`,
    ),
    sql`SELECT ${join([...columns(ident('c')), ...store.extremes.map(typed), ...noneNetted, sql`FALSE`], ', ')}
FROM changes AS c`,
    ...args.map((one) => netRows(store, one)),
  ];
  const isStored = own('stored');
  const parts = store.parts.map((part) => {
    const value = sql`u.${ident(part.name)}`;
    const sum = isTotal ? value : sql`CASE WHEN NOT u.${isStored} THEN ${value} END`;
    return sql`${partSum(part, sum)} AS ${ident(part.name)}`;
  });
  const extremes = store.extremes.flatMap((one, at) => {
    const number = argumentOf(store, one);
    return [
      sql`${firstValue(one, sql`u.${ident(one.name)}`)} AS ${ident(one.name)}`,
      sql`${firstValue(one, sql`u.${own('came', number)}`)} AS ${own('came', at + 1)}`,
      sql`${firstValue(one, sql`u.${own('went', number)}`)} AS ${own('went', at + 1)}`,
    ];
  });
  const total = sql`COALESCE(pg_catalog.sum(u.${ROWS}), 0)::bigint AS ${own('total')}`;
  const { select, groupBy } = store.identity.grouping(store);
  return sql`SELECT
  ${lines([sql`${B}.*`, ...store.extremes.map((one, at) => sql`${isLost(one, at, own)} AS ${own('again', at + 1)}`)])}
FROM (
  SELECT
    ${lines([...select, ...parts, ...extremes, total])}
  FROM (
    ${join(rows, '\nUNION ALL\n')}
  ) AS u(${join([...named, ...netted, isStored], ', ')})${groupBy.length === 0 ? sql`` : sql`\n  GROUP BY ${join(groupBy, ', ')}`}
) AS ${B}`;
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
export function mergedColumns(subject: Subject, plan: AddPlan): readonly Sql[] {
  const { store } = plan;
  const kept = [...keyColumns(store), ...store.parts.map(({ name }) => name)].map(
    (name) => sql`${B}.${ident(name)}`,
  );
  return [
    ...kept,
    ...store.extremes.map(
      (one, at) => sql`${merged(subject, plan, one, at)} AS ${ident(one.name)}`,
    ),
  ];
}

function merged(subject: Subject, plan: AddPlan, one: Extreme, at: number): Sql {
  const own = ownNames(plan.store);
  const [stored, came] = [sql`${B}.${ident(one.name)}`, sql`${B}.${own('came', at + 1)}`];
  return sql`CASE
  WHEN ${B}.${own('total')} = 0 THEN NULL
  WHEN ${B}.${own('again', at + 1)} THEN ${derivedExtreme(subject, plan.store, at)}
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
