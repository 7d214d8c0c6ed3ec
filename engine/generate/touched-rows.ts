/**
 * The rows of touched keys: as they are now, as they are stored, and what that changes for groups
 * that stand on them.
 *
 * The definition is confined at every table that holds the key (regroup/confine.ts), for keys that
 * are not NULL by `= ANY (array)`, and for NULL in an arm of its own.
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr, Query, Select } from '../../parser/tree.ts';
import { equalExpr } from '../../parser/walk.ts';
import type { Stored } from '../algebra/node.ts';
import { EMPTY } from '../algebra/query-rewrites/select.ts';
import type { Leaf } from '../operators/all.ts';
import { faceOf } from '../operators/all.ts';
import type { Term } from '../operators/rule.ts';
import { canNet, imageGrouping } from '../operators/image.ts';
import { storedAlias } from '../operators/stored.ts';
import type { RowsPlan } from '../plan/plan.ts';
import { confined } from '../regroup/confine.ts';
import { withoutJoinNames } from '../regroup/lineage.ts';
import type { Recursion } from '../regroup/recursion.ts';
import type { Confinable, RegroupPlan } from '../regroup/regroup-plan.ts';
import type { StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, sql } from '../sql/sql.ts';
import type { InnerChange } from './composition.ts';
import { calledFromView } from './read-by-function.ts';
import { rowsOfKeys } from './recursion.ts';
import type { Subject } from './subject.ts';

const S = ident('s');

/** The columns that are stored. */
export const storedColumns = ({ columns, key }: RegroupPlan): readonly string[] =>
  columns.includes(key.name) ? columns : [...columns, key.name];

/** What a common table expression has that is made of the view of touched keys. */
export type Touched = { readonly array: Sql; readonly hasNull: Sql; readonly isFew: Sql };

export function touchedIn(cte: Sql, plan: RegroupPlan): Touched {
  const of = (name: Sql): Sql => sql`(SELECT t.${name} FROM ${cte} AS t)`;
  return {
    array: sql`(${of(sql`keys`)})::${fragment(plan.key.type)}[]`,
    hasNull: of(sql`has_null`),
    isFew: of(sql`is_few`),
  };
}

/** The parameters of a function that is called with them. */
export const GIVEN_KEYS: Touched = { array: sql`$1`, hasNull: sql`$2`, isFew: sql`TRUE` };

export type Part = { readonly from: Sql; readonly where: readonly Sql[]; readonly label: string };

/** The rows of touched keys now. */
export const nowParts = (subject: Subject, plan: RowsPlan, touched: Touched): readonly Part[] => [
  ...(plan.recursion !== null
    ? recursionParts(subject, plan, plan.recursion, touched)
    : plan.groups === null
      ? confinedParts(plan, plan.key, touched, (query) => query)
      : [againFromGroups(subject, touched)]),
  { from: computedNow(subject), where: [sql`NOT ${touched.isFew}`], label: 'all rows now' },
];

/** Those of few keys from stored groups (rows-over-groups.ts). */
const againFromGroups = (subject: Subject, { isFew, hasNull }: Touched): Part => ({
  from: calledFromView(subject, subject.names.recomputed.sql, hasNull),
  where: [isFew],
  label: 'rows of touched keys now',
});

/** Those of few keys of a recursion; none without a key, where all rows are computed. */
function recursionParts(
  { names }: Subject,
  plan: RegroupPlan,
  recursion: Recursion,
  { array, hasNull, isFew }: Touched,
): readonly Part[] {
  if (!recursion.hasKey) return [];
  const { flat, link } = recursion;
  // Where the key stays, no step leads from other keys to one of these.
  const query = link === null ? flat.left : flat;
  const isOther = sql`(${S}.${ident(plan.key.name)} IN (
    SELECT pg_catalog.unnest(${array})
  )) IS NOT TRUE`;
  const confined = confinedQueries({ ...plan, query }, array);
  const rows = rowsOfKeys(recursion, names.state.sql, { ...confined, hasNull, isOther });
  return [{ from: sql`(\n${rows}\n)`, where: [isFew], label: 'rows of touched keys now' }];
}

/** Those of few keys. */
export function confinedParts(
  confinable: Confinable,
  { name }: RegroupPlan['key'],
  { array, hasNull, isFew }: Touched,
  named: (query: Query) => Query,
): readonly Part[] {
  const key = ident(name);
  const { withKeys, withNull } = confinedQueries(confinable, array);
  return [
    {
      from: sql`(\n${fragment(deparse(named(withKeys)))}\n)`,
      where: isSure(confinable) ? [isFew] : [isFew, isTouched(sql`${S}.${key}`, array)],
      label: 'rows of touched keys now',
    },
    {
      from: sql`(\n${fragment(deparse(named(withNull)))}\n)`,
      where: [isFew, hasNull, sql`${S}.${key} IS NULL`],
      label: 'rows without a key now',
    },
  ];
}

/** Whether a key is one of the array, by a hash table of it. */
const isTouched = (key: Sql, array: Sql): Sql =>
  sql`(${key} IN (SELECT pg_catalog.unnest(${array}))) IS TRUE`;

/** The rows of touched keys as they are stored. */
function storedParts(subject: Subject, plan: RegroupPlan, touched: Touched): readonly Part[] {
  const { array, hasNull, isFew } = touched;
  const key = sql`${S}.${ident(plan.key.name)}`;
  const from = subject.names.state.sql;
  return [
    {
      from,
      where: [isFew, sql`${key} = ANY (${array})`],
      label: 'rows of touched keys as they are stored',
    },
    { from, where: [isFew, hasNull, sql`${key} IS NULL`], label: 'those without a key' },
    { from, where: [sql`NOT ${isFew}`], label: 'all rows as they are stored' },
  ];
}

export const partFrom = ({ from, where }: Part): Sql =>
  where.length === 0
    ? sql`${from} AS ${S}`
    : sql`${from} AS ${S}\nWHERE ${join(where, '\n  AND ')}`;

/** All of the parts, as a query. */
export const selected = (parts: readonly Part[], columns: readonly Sql[]): Sql =>
  join(
    parts.map(
      (part) => sql`-- ${fragment(part.label)}
    SELECT ${join(
      columns.map((column) => sql`${S}.${column}`),
      ', ',
    )}
    FROM ${partFrom(part)}`,
    ),
    '\n    UNION ALL\n    ',
  );

/** The keys that are touched in the rows below a store. */
const TOUCHED_BELOW = ident('touched0');

/** The same as an item of WITH, from the names of the rows' store. */
export const touchedBelow = ({ touched }: StoreNames): Sql =>
  sql`${TOUCHED_BELOW} AS MATERIALIZED (\n  TABLE ${touched.sql}\n)`;

/** Whether a read takes the rows of these keys: a value that does not depend on any row. */
export const ARE_CHEAP_BELOW = sql`(SELECT t.is_few AND t.is_cheap FROM ${TOUCHED_BELOW} AS t)`;

/**
 * What a query around the change of the rows has: `keys`, the touched ones; `rows`, those of
 * touched keys that it has removed and that it has stored.
 */
export type Around = 'nothing' | 'keys' | 'rows';

/** What a statement that replaces rows calls them (refold.ts). */
export const REPLACED = { removed: ident('removed'), stored: ident('stored') };

/**
 * The change of the rows, for the groups that stand on them: those of touched keys as they are
 * stored, taken back, and as they are now. What a key is touched by is asked once, so that both
 * are of the same keys.
 */
export function rowsChange(
  subject: Subject,
  plan: RowsPlan,
  node: Stored,
  around: Around,
): InnerChange {
  const rows = ident('rows0');
  const touched = touchedIn(TOUCHED_BELOW, plan);
  const columns = node.columns.map(
    ({ column, facts }) => sql`${S}.${ident(facts.name)} AS ${ident(`c${column.id}`)}`,
  );
  const signed =
    (weight: number) =>
    (part: Part): Sql =>
      sql`-- ${fragment(part.label)}
  SELECT ${join([...columns, sql`${weight}::bigint AS weight`], ', ')}
  FROM ${partFrom(part)}`;
  const { removed, stored } = REPLACED;
  const parts =
    around === 'rows'
      ? [
          signed(-1)({
            from: removed,
            where: [],
            label: 'rows of touched keys as they were stored',
          }),
          signed(1)({ from: stored, where: [], label: 'rows of touched keys now' }),
        ]
      : [
          ...storedParts(subject, plan, touched).map(signed(-1)),
          ...nowParts(subject, plan, touched).map(signed(1)),
        ];
  const { shape, now } = faceOf(node, null);
  return {
    ctes: [
      ...(around === 'nothing' ? [touchedBelow(subject.names)] : []),
      sql`${rows} AS MATERIALIZED (\n  ${changed(plan, node, parts)}\n)`,
    ],
    leaf: {
      node,
      shape,
      rows: now,
      change: [termOf(node, rows)],
      ...(plan.recursion === null ? {} : { before: rowsStored(subject.names, node).rows }),
    },
  };
}

/** Of a recursion, only rows that differ: most rows of its touched keys stay what they are. */
function changed({ recursion }: RegroupPlan, node: Stored, parts: readonly Sql[]): Sql {
  const all = join(parts, '\n  UNION ALL\n  ');
  if (recursion === null || !canNet(node.columns.map(({ facts }) => facts))) return all;
  const columns = node.columns.map(({ column, facts }) => {
    const name = ident(`c${column.id}`);
    return { name, ...imageGrouping(sql`u.${name}`, facts) };
  });
  const selected = columns.map(({ name, select }) => sql`${select} AS ${name}`);
  return sql`SELECT ${join([...selected, sql`pg_catalog.sum(u.weight)::bigint AS weight`], ', ')}
  FROM (
  ${all}
  ) AS u
  GROUP BY ${join(
    columns.flatMap(({ groupBy }) => groupBy),
    ', ',
  )}
  HAVING pg_catalog.sum(u.weight) <> 0`;
}

/** The rows as they are stored. */
export function rowsStored({ state }: StoreNames, node: Stored): Leaf {
  const columns = node.columns.map(
    ({ column, facts }) => sql`${S}.${ident(facts.name)} AS ${ident(`c${column.id}`)}`,
  );
  const rows = sql`SELECT ${join(columns, ', ')} FROM ${state.sql} AS ${S}`;
  const from = sql`(${rows}) AS ${ident(storedAlias(node))}`;
  return { node, shape: faceOf(node, null).shape, rows: { from: [from], where: [] }, change: null };
}

/** The columns are called as the node's own. */
const termOf = (node: Stored, rows: Sql): Term => {
  const alias = ident(storedAlias(node));
  return {
    from: [sql`${rows} AS ${alias}`],
    where: [],
    weight: sql`${alias}.weight`,
    sign: null,
    label: 'changes of the rows stored below',
  };
};

/** The definition confined to the keys of an array, and to rows without a key. */
function confinedQueries(
  plan: Confinable,
  array: Sql,
): { readonly withKeys: Query; readonly withNull: Query } {
  const withKeys = confinedToKeys(plan, array);
  // Rows without a partner have NULL as their key whatever the table has that holds it.
  const withNull = plan.isNullable
    ? plan.query
    : confinedTo(plan, (operand) => ({ kind: 'unary', op: 'IS NULL', operand, span: null }));
  return { withKeys, withNull };
}

/**
 * Whether the definition confined to keys has no row with another key. The branches of a set
 * operation may have holders or not.
 */
const isSure = ({ query, expr, holders, isNullable }: Confinable): boolean =>
  query.kind === 'select' &&
  !isNullable &&
  holders.some((holder) => equalExpr(holder.expr, withoutJoinNames(expr)));

/** The definition confined to the keys of an array. */
export const confinedToKeys = (plan: Confinable, array: Sql): Query =>
  confinedTo(plan, (key, isDriving) =>
    isDriving
      ? {
          kind: 'binary',
          op: 'AND',
          left: lookedUp(key, array),
          right: filtered(key, array),
          span: null,
        }
      : filtered(key, array),
  );

/**
 * A condition that an index can answer. Without one, it compares a row with key after key, so the
 * other condition comes with it: PostgreSQL evaluates that first, and few rows are left.
 */
const lookedUp = (key: Expr, array: Sql): Expr => ({
  kind: 'array_comparison',
  op: '=',
  quantifier: 'ANY',
  left: key,
  array: { kind: 'literal', sql: array.text, span: null },
  span: null,
});

/**
 * A condition that looks into a hash table of the keys. IS TRUE keeps PostgreSQL from making a join
 * of it.
 */
const filtered = (key: Expr, array: Sql): Expr => ({
  kind: 'unary',
  op: 'IS TRUE',
  operand: { kind: 'sublink', form: 'any', left: key, op: '=', query: unnested(array), span: null },
  span: null,
});

const unnested = (array: Sql): Select => ({
  ...EMPTY,
  first: 0,
  relations: [],
  from: [],
  targets: [
    {
      name: 'key',
      expr: { kind: 'literal', sql: `pg_catalog.unnest(${array.text})`, span: null },
    },
  ],
});

const confinedTo = (plan: Confinable, condition: (key: Expr, isDriving: boolean) => Expr): Query =>
  confined(plan.query, plan.outline, plan.holders, plan.sources, condition);

/** What the sources have, by the function that only views may call. */
export const computedNow = (subject: Subject): Sql =>
  calledFromView(subject, subject.names.computed.sql);
