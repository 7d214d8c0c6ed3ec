/**
 * The keys that pending rows touch, as a view of one row, `imat_store.touched_<name>`:
 *
 *   keys       an array of the keys that are not NULL; NULL if there are none
 *   has_null   whether NULL is one of them
 *   is_few     false if there are too many: then it is cheaper to compute the answer anew
 *   few        how many are not too many
 *
 * Each table's pending rows lead to keys by their own path (regroup/paths.ts). What its terms ask
 * of the frontier and the logs is asked once. That a key is touched although nothing of it changes
 * is no matter: its rows are computed again, and are what they were.
 */
import type { ColumnRef, Expr, TableItem } from '../../parser/tree.ts';
import { canFail } from '../algebra/can-fail.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import { IN_PLACE, anyPending, expectedRows } from '../operators/pending.ts';
import { hasPassed } from '../operators/time.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { Path } from '../regroup/paths.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { RowsPlan } from '../plan/plan.ts';
import type { StoreName, StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { anyElapsed, timedTables } from './elapsed.ts';
import { FEW_COLUMNS, isCheapOf, isFewOf, mostKeys } from './few-keys.ts';
import { isMuch, isReduced, thatMeet } from './met-rows.ts';
import { movedRows } from './moved-rows.ts';
import { aliasOf, keysAlong, reachedKeys, readAlong } from './path-keys.ts';
import { pendingRows } from './pending-rows.ts';
import { touchedBySteps } from './recursion.ts';
import type { Statement } from './statement.ts';
import type { Subject } from './subject.ts';

export function touchedViews(subject: Subject, plan: RowsPlan): readonly Statement[] {
  const { touched, touchedMet } = subject.names;
  const read = {
    label: 'the keys that pending rows touch',
    sql: sql`CREATE VIEW ${touched.sql} AS\n${touchedQuery(subject, plan, false)}`,
  };
  if (!hasReductions(plan)) return [read];
  const folded = {
    label: 'the same for a fold, which looks up all changed rows',
    sql: sql`CREATE VIEW ${touchedMet.sql} AS\n${touchedQuery(subject, plan, true)}`,
  };
  return [read, folded];
}

/**
 * What a fold asks for the keys. That of a recursion asks again, by the view of the answer now, and
 * must get the same.
 */
export const touchedInFold = (names: StoreNames, plan: RowsPlan): StoreName =>
  hasReductions(plan) ? names.touchedMet : names.touched;

const hasReductions = ({ recursion, paths }: RegroupPlan): boolean =>
  recursion === null && [...paths.values()].some(isReduced);

const HOW_MANY = sql`pg_catalog.count(*)`;

function touchedQuery(subject: Subject, plan: RowsPlan, meetsMany: boolean): Sql {
  const tables = tablesOf(plan.outline);
  const oids = [...new Set(tables.map(({ relation }) => relation.oid))];
  const flag = (oid: number): Sql => ident(`changed${oids.indexOf(oid) + 1}`);
  const { logOf } = subject;
  const inLog: Pending = {
    frontier: sql`f.snapshot`,
    logOf,
    moment: sql`f.moment`,
    ...IN_PLACE,
  };
  const many = (oid: number): Sql => ident(`many${oids.indexOf(oid) + 1}`);
  // The keys of rows that time has changed are looked for below; only the NULL key asks for any.
  const asked = plan.isNullable ? timedTables(plan) : [];
  const elapsed = anyElapsed(asked, plan.moving, inLog.moment);
  const flags = [
    ...FEW_COLUMNS,
    ...oids.map((oid) => sql`${anyPending(inLog, [oid])} AS ${flag(oid)}`),
    ...reducedTables(plan).map(([oid, item]) => sql`${isMuch(plan, item, inLog)} AS ${many(oid)}`),
    ...(plan.timed.length + plan.moving.length === 0 ? [] : [sql`f.moment`]),
    ...(elapsed.length === 0 ? [] : [sql`${join(elapsed, ' OR ')} AS ${ident('elapsed')}`]),
  ];
  const pending: Pending = {
    frontier: sql`(SELECT p.snapshot FROM pending AS p)`,
    logOf,
    moment: sql`(SELECT p.moment FROM pending AS p)`,
    ...IN_PLACE,
    expected: (oid) => expectedRows(subject.id, logOf(oid)),
  };
  const columns = { ofRows: flag, ofMany: many };
  const terms = termsOf(plan, pending, columns, meetsMany);
  const anyChange = [...oids.map(flag), ...(elapsed.length === 0 ? [] : [ident('elapsed')])];
  const nullKeys = plan.isNullable ? [nullKey(plan, anyChange)] : [];
  const all = [...terms, ...timeTerms(plan, pending.moment), ...nullKeys];
  const { recursion } = plan;
  const steps =
    recursion === null
      ? null
      : touchedBySteps(plan, recursion, subject.names.state.sql, unitedKeys(plan, all));
  return sql`WITH ${steps === null ? sql`` : sql`RECURSIVE `}pending AS MATERIALIZED (
  SELECT
    ${lines([sql`f.snapshot`, ...flags])}
  FROM imat_catalog.frontier AS f, (
    ${mostKeys(subject, plan)}
  ) AS k
  WHERE f.imat_id = ${subject.id}
)${steps === null ? sql`` : sql`, ${join(steps.ctes, ', ')}`}
SELECT
  pg_catalog.array_agg(t.key) FILTER (WHERE t.key IS NOT NULL) AS keys,
  COALESCE(pg_catalog.bool_or(t.key IS NULL), FALSE) AS has_null,
  ${isFewOf(subject, HOW_MANY)}${touchesAll(plan, flag)} AS is_few,
  ${isCheapOf(HOW_MANY)} AS is_cheap, (SELECT p.few FROM pending AS p) AS few
FROM (
  ${steps?.touched ?? differentKeys(unitedKeys(plan, all))}
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t`;
}

type Columns = {
  /** Whether rows of a table are pending, as a column of `pending`. */
  readonly ofRows: (oid: number) => Sql;
  /** Whether too many of them are to be looked up, likewise. */
  readonly ofMany: (oid: number) => Sql;
};

/** The keys that changes of each table touch. */
const termsOf = (
  plan: RowsPlan,
  pending: Pending,
  { ofRows, ofMany }: Columns,
  meetsMany: boolean,
): readonly Sql[] =>
  tablesOf(plan.outline).flatMap(({ number, relation }) => {
    const path = plan.paths.get(number) ?? null;
    if (path === null) return [];
    const gate = sql`(SELECT p.${ofRows(relation.oid)} FROM pending AS p)`;
    const many = ofMany(relation.oid);
    return [term(plan, relation, path, { pending, gate, flag: ofRows, many, meetsMany })];
  });

const differentKeys = (keys: Sql): Sql => sql`SELECT DISTINCT u.key
FROM (
  ${keys}
) AS u`;

/** None, where nothing leads to a key. */
const unitedKeys = (plan: RegroupPlan, terms: readonly Sql[]): Sql =>
  terms.length === 0
    ? sql`SELECT NULL::${fragment(plan.key.type)} AS key WHERE FALSE`
    : join(terms, '\nUNION ALL\n');

/** A change of a table that leads to no key concerns all rows of a recursion. */
function touchesAll(plan: RegroupPlan, flag: (oid: number) => Sql): Sql {
  const tables = tablesOf(plan.outline).filter(({ number }) => plan.paths.get(number) === null);
  if (plan.recursion === null || tables.length === 0) return sql``;
  const flags = [...new Set(tables.map(({ relation }) => relation.oid))].map(
    (oid) => sql`p.${flag(oid)}`,
  );
  return sql` AND NOT (SELECT ${join(flags, ' OR ')} FROM pending AS p)`;
}

/** The tables of which some changed rows may matter to nothing, by OID, each with an item of it. */
const reducedTables = (plan: RowsPlan): readonly (readonly [oid: number, item: number])[] => [
  ...new Map(
    tablesOf(plan.outline)
      .filter(({ number }) => isReduced(plan.paths.get(number)))
      .map(({ number, relation }) => [relation.oid, number] as const),
  ),
];

/** NULL, if any of the flags is set. */
const nullKey = (plan: RegroupPlan, flags: readonly Sql[]): Sql => sql`-- rows without a partner
SELECT NULL::${fragment(plan.key.type)} AS key
FROM pending AS p
WHERE ${join(
  flags.map((flag) => sql`p.${flag}`),
  ' OR ',
)}`;

type Asked = {
  readonly pending: Pending;
  /** Whether rows of the table are pending. */
  readonly gate: Sql;
  /** The same of any table, as a column of `pending`. */
  readonly flag: (oid: number) => Sql;
  /** Whether too many of its rows are to be looked up, likewise. */
  readonly many: Sql;
  /** Whether these are looked up as well. */
  readonly meetsMany: boolean;
};

function term(
  plan: RegroupPlan,
  changed: TableItem,
  path: Path,
  { pending, gate, flag, many, meetsMany }: Asked,
): Sql {
  const [first = 0] = path.tables;
  const exprs = readAlong(path);
  const all = [...exprs, ...path.reductions.flatMap(({ conditions }) => conditions)];
  const rows = pendingRows(plan, first, all, pending, nettingOf(exprs, plan, path));
  const met = isReduced(path)
    ? thatMeet(plan, path, rows, { pending, flag, many, meetsMany })
    : rows;
  return sql`-- touched by changes of ${fragment(labelOf(changed))}
${keysAlong(plan, path, met, [gate])}`;
}

/** The keys of rows that the passing of time has changed. */
function passedTerms(plan: RegroupPlan, moment: Sql): readonly Sql[] {
  return plan.timed.flatMap(({ item, relation, timed }) => {
    const path = plan.paths.get(item) ?? null;
    if (path === null) return [];
    const passed = hasPassed(timed, aliasOf(item), moment);
    return [
      sql`-- touched by time that has passed for ${fragment(labelOf(relation))}
${reachedKeys(plan, path, [passed])}`,
    ];
  });
}

/** The keys of rows of items that have moved with the time. */
function movedTerms(plan: RegroupPlan, moment: Sql): readonly Sql[] {
  return plan.moving.flatMap((moving) => {
    const path = plan.paths.get(moving.item) ?? null;
    if (path === null) return [];
    const gate = sql`(SELECT p.${ident('elapsed')} FROM pending AS p)`;
    const rows = { from: [movedRows(moving, moment)], where: [] };
    return [
      sql`-- touched by time that has passed for ${fragment(onOneLine(moving.relation.alias))}
${keysAlong(plan, path, rows, [gate])}`,
    ];
  });
}

const timeTerms = (plan: RegroupPlan, moment: Sql): readonly Sql[] => [
  ...passedTerms(plan, moment),
  ...movedTerms(plan, moment),
];

const labelOf = ({ schema, name, alias }: TableItem): string =>
  onOneLine(`${schema}.${name} AS ${alias}`);

const onOneLine = (text: string): string => text.replaceAll(/[\r\n]/g, ' ');

/** An expression that can fail sees no row that has come and gone. */
function nettingOf(exprs: readonly Expr[], plan: RegroupPlan, { tables }: Path): Netting {
  const typeOf = (ref: ColumnRef): number | null => {
    const relation = plan.outline.items.get(ref.relation)?.relation;
    if (!tables.includes(ref.relation)) return null;
    if (relation?.kind !== 'table') return plan.oidOf(ref);
    const columns = plan.sources.get(relation.oid)?.columns ?? [];
    return columns.find(({ name }) => name === ref.name)?.oid ?? null;
  };
  return exprs.some((expr) => canFail(expr, typeOf)) ? 'fenced' : 'logged';
}
