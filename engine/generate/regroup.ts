/**
 * The script of an imat whose touched keys are computed again.
 *
 *   state      the rows of the definition, and the key where the definition does not show it
 *   current    the answer now: stored rows of other keys, and the definition confined to the
 *              touched keys
 *
 * What is stored needs no identity: all rows of a key are replaced together, by the fold
 * (fold-rows.ts).
 */
import type { Pending } from '../operators/pending.ts';
import { IN_PLACE, anyPending, resetPending } from '../operators/pending.ts';
import type { RowsPlan } from '../plan/plan.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, literal, sql } from '../sql/sql.ts';
import { computedFunction } from './anew.ts';
import type { Arm } from './arms.ts';
import { ARM, answeringArm, chosenArm, onlyArms } from './arms.ts';
import { identify } from './capture.ts';
import { barrierView } from './current-view.ts';
import { anyElapsed, timedTables } from './elapsed.ts';
import { GUARDED_MOMENT, GUARDED_SNAPSHOT, isStored } from './frontier.ts';
import { isOtherwise } from './labels.ts';
import { locksTables } from './locked-first.ts';
import { isOutgrown } from './outgrown.ts';
import { READ_ONLY } from './read-only.ts';
import { allRows, contentKept, recomputedFunction, rowsViews } from './rows-over-groups.ts';
import { STATE_OPTIONS } from './state.ts';
import type { Statement } from './statement.ts';
import type { FirstRows, StoreSubject } from './stores.ts';
import { firstOf } from './stores.ts';
import { frontierOf } from './subject.ts';
import type { Part } from './touched-rows.ts';
import { computedNow, nowParts, partFrom, storedColumns, touchedIn } from './touched-rows.ts';
import { touchedViews } from './touched-view.ts';

const S = ident('s');

/** Of a row of the current view: whether it is stored as it is. A name that no column has. */
export function staysColumn(plan: RegroupPlan): Sql {
  let name = 'imat_stays';
  while (storedColumns(plan).includes(name)) name = `_${name}`;
  return ident(name);
}

export function regroupScript(
  subject: StoreSubject,
  plan: RowsPlan,
  first: FirstRows | null,
): readonly Statement[] {
  const { content } = subject.names;
  return [
    ...touchedViews(subject, plan),
    {
      label: 'the definition, with its key',
      sql: sql`CREATE VIEW ${content.sql} AS\n${allRows(subject, plan, 'now')}`,
    },
    ...computedFunction(subject),
    ...rowsViews(subject, plan),
    ...recomputedFunction(subject, plan),
    { label: 'stored rows, and those of touched keys now', sql: currentView(subject, plan, first) },
  ];
}

export function rowsTable(subject: StoreSubject, plan: RowsPlan): readonly Statement[] {
  const table = subject.names.state.sql;
  const rows =
    plan.groups === null
      ? allRows(subject, plan, 'kept')
      : sql`TABLE ${subject.names.contentKept.sql}`;
  return [
    ...contentKept(subject, plan),
    {
      label: 'the rows of the definition',
      sql: sql`CREATE TABLE ${table} WITH (${STATE_OPTIONS}) AS\n${rows}`,
    },
    { label: 'what publications of all tables need', sql: identify(table) },
    {
      label: 'what finds the rows of a key',
      sql: sql`CREATE INDEX ON ${table} (${ident(plan.key.name)})`,
    },
    {
      label: 'what the column holds',
      sql: sql`COMMENT ON COLUMN ${table}.${ident(plan.key.name)} IS ${literal(plan.key.label)}`,
    },
    { label: 'statistics', sql: sql`ANALYZE ${table}` },
  ];
}

function currentView(subject: StoreSubject, plan: RowsPlan, first: FirstRows | null): Sql {
  const columns = storedColumns(plan).map(ident);
  const stays = staysColumn(plan);
  const key = ident(plan.key.name);
  const touched = touchedIn(sql`touched`, plan);
  const { array, hasNull, isFew } = touched;
  const arm = (part: Part, isStored: Sql): Arm => ({
    number: ARM.current,
    columns: [...columns.map((column) => sql`${S}.${column}`), sql`${isStored} AS ${stays}`],
    from: partFrom(part),
    label: part.label,
  });
  const unnested = sql`pg_catalog.unnest(${array}) AS k(key)`;
  const touches = sql`EXISTS (SELECT FROM ${unnested} WHERE k.key = ${S}.${key})`;
  const table = subject.names.state.sql;
  const others = [isFew, sql`NOT ${touches}`, sql`(${S}.${key} IS NOT NULL OR NOT ${hasNull})`];
  const stored: Part =
    first === null
      ? { from: table, where: others, label: 'stored rows of other keys' }
      : {
          from: firstOf(table, others, first),
          where: [],
          label: 'the first stored rows of other keys',
        };
  const arms = [
    arm(stored, sql`TRUE`),
    ...nowParts(subject, plan, touched).map((part) => arm(part, sql`FALSE`)),
  ];
  return barrierView(
    subject.names.current.sql,
    sql`WITH touched AS MATERIALIZED (
  TABLE ${subject.names.touched.sql}
)
SELECT
  ${lines([...columns.map((column) => sql`${S}.${column}`), sql`${S}.${stays}`])}
FROM ${onlyArms(arms, 's')}`,
  );
}

/** OIDs of the tables of which a change may touch every key. */
export function touchingAll(plan: RegroupPlan): readonly number[] {
  const all = tablesOf(plan.outline).filter(({ number }) => plan.paths.get(number) === null);
  return [...new Set(all.map(({ relation }) => relation.oid))];
}

/** Whether time has changed a row since `moment` that may touch every key. */
export function anyElapsedForAll(plan: RegroupPlan, moment: Sql): readonly Sql[] {
  const isForAll = ({ item }: { readonly item: number }): boolean =>
    (plan.paths.get(item) ?? null) === null;
  const timed = plan.timed.filter(isForAll);
  return anyElapsed(timedTables({ ...plan, timed }), plan.moving.filter(isForAll), moment);
}

export const sourcesOf = (plan: RegroupPlan): readonly number[] => [
  ...new Set(tablesOf(plan.outline).map(({ relation }) => relation.oid)),
];

export function regroupView(subject: StoreSubject, plan: RowsPlan): Sql {
  const { columns } = plan;
  const list = lines(columns.map((name) => sql`${S}.${ident(name)}`));
  const frontier = frontierOf(subject, [subject.frontierTable]);
  if (!subject.live)
    return sql`SELECT
  ${list}
FROM ${subject.names.state.sql} AS ${S}
${READ_ONLY}
WHERE ${isStored(frontier)}`;
  const arm = (number: number, from: Sql, label: string): Arm => ({
    number,
    columns: columns.map((name) => sql`${S}.${ident(name)}`),
    from: sql`${from} AS ${S}`,
    label,
  });
  const { logOf } = subject;
  const moment = GUARDED_MOMENT;
  const pending: Pending = { frontier: GUARDED_SNAPSHOT, logOf, moment, ...IN_PLACE };
  const timed = timedTables(plan);
  const sources = sourcesOf(plan);
  const all = touchingAll(plan);
  const anew = [
    resetPending(GUARDED_SNAPSHOT, sources, true),
    isOutgrown(subject, sources, false),
    ...(all.length === 0 ? [] : [anyPending(pending, all)]),
    ...anyElapsedForAll(plan, moment),
  ];
  const notStored = join(
    [anyPending(pending, sources), ...anyElapsed(timed, plan.moving, moment)],
    ' OR ',
  );
  const { from, where } = chosenArm(
    [
      arm(ARM.stored, subject.names.state.sql, 'what is stored'),
      arm(ARM.current, subject.names.current.sql, 'the answer computed now'),
      arm(ARM.anew, computedNow(subject), 'what the sources have'),
    ],
    columns,
    's',
    answeringArm(
      frontier,
      notStored,
      join(anew, ' OR '),
      { when: isOtherwise(subject, timed), arm: ARM.anew },
      ARM.anew,
      locksTables(plan),
    ),
  );
  return sql`SELECT
  ${list}
FROM ${from}
WHERE ${where}`;
}
