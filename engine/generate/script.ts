/**
 * The script of an imat: every statement that makes it, in order, each with its label. Convert runs
 * it phase by phase, explain prints it, and the golden files hold it.
 *
 *   register   the definition, as a view                     one transaction
 *   capture    log, functions and triggers of each source    one short transaction a source
 *   load       what is stored, and what maintains it         one REPEATABLE READ transaction,
 *   publish    what readers use                              the same
 *   swap       what `imat.swap` does later, of a swap imat   by the database
 */
import type { AddPlan, Plan } from '../plan/plan.ts';
import { indexedOrder } from '../plan/limit-order.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, literal, sql } from '../sql/sql.ts';
import { computedAnew } from './anew.ts';
import type { CaptureTarget } from './capture.ts';
import { captureFunctions, createLog, createTriggers, identify } from './capture.ts';
import { changeViews } from './change-views.ts';
import { changesFunction, partViews } from './change-parts.ts';
import { derivedFunction } from './derived.ts';
import { elapsedView } from './elapsed.ts';
import { hasExtremes } from './extremes.ts';
import { foldFunction } from './fold.ts';
import { foldAll } from './fold-all.ts';
import { foldRows } from './fold-rows.ts';
import { isMergedApart, mergedAnswer } from './merged-rows.ts';
import { mergedView } from './merged-view.ts';
import { regroupScript, regroupView, rowsTable } from './regroup.ts';
import { barrierView, currentView } from './current-view.ts';
import { labelsTable } from './labels.ts';
import { keptView, liveView, readersOptions, storeOptions } from './live-view.ts';
import { stateTable } from './state.ts';
import type { Statement } from './statement.ts';
import type { FirstRows, StoreOf, StoreSubject } from './stores.ts';
import { fromBelow, namesOfStores, orderList, residualQuery, storesOf } from './stores.ts';
import type { Subject } from './subject.ts';
import { swapViews } from './swap-view.ts';

export const PHASES = ['register', 'capture', 'load', 'publish', 'swap'] as const;
export type Phase = (typeof PHASES)[number];
export type Script = Readonly<Record<Phase, readonly Statement[]>>;

/** A source as capture on it is or will be, and its name for people. */
export type Captured = { readonly target: CaptureTarget; readonly name: string };

/**
 * `plan` is null for a swap imat. `like`: what makes it like the materialized view that it is made
 * from.
 */
export function scriptOf(
  subject: Subject,
  plan: Plan | null,
  captured: readonly Captured[],
  like: readonly Statement[],
): Script {
  const { register, load, publish, swap } =
    plan === null ? swapScript(subject) : deltaScript(subject, plan);
  return {
    register,
    capture: captured.flatMap(captureScript),
    load,
    publish: [...publish, ...like],
    swap,
  };
}

/** All statements of a script, in order. */
export const statementsOf = (script: Script): readonly Statement[] =>
  PHASES.flatMap((phase) => script[phase]);

/** The table that holds the answer after a load. */
export const storedTable = ({ names }: Subject, plan: Plan | null): Sql =>
  plan === null ? names.slots[0].sql : firstState(names, plan);

/** The table that the frontier names. */
const firstState = (names: Subject['names'], plan: Plan): Sql =>
  (namesOfStores(names, plan)[0] ?? names).state.sql;

/** Capture on a source that has none yet. */
export function captureScript({ target, name }: Captured): readonly Statement[] {
  return [
    {
      label: `the change log of ${name}, if it is not there yet`,
      sql: createLog(target.log, target.columns ?? []),
    },
    ...captureFunctions(target).map((statement) => ({
      label: `capture on ${name}`,
      sql: statement,
    })),
    ...createTriggers(target).map((statement) => ({
      label: `trigger on ${name}`,
      sql: statement,
    })),
  ];
}

/** What readers use. */
export function viewBody(subject: Subject, plan: Plan | null): Sql {
  if (plan === null) return swapViews(subject).views[0];
  if (plan.residual !== null) return sql`${residualQuery(subject, plan, plan.residual)}`;
  const [store] = storesOf(subject, plan);
  if (store === undefined) throw new Error('a plan without a store');
  return storeBody(store);
}

/** What a store holds now. */
const storeBody = ({ subject, plan }: StoreOf): Sql =>
  plan.rule === 'add' ? liveView(subject, plan) : regroupView(subject, plan);

/** The views of stores over which the definition is computed, by freshness. */
export function liveViews(subject: Subject, plan: Plan): readonly Statement[] {
  if (plan.residual === null) return [];
  const read = storesOf(subject, plan).filter(({ isBelow }) => !isBelow);
  return read.map((store) => ({
    label: 'what the store holds now',
    sql: sql`CREATE OR REPLACE VIEW ${store.subject.names.live.sql}${storeOptions(store.plan)} AS
${storeBody(store)}`,
  }));
}

/** The functions that fold: that of each store, and if there are several, one for all. */
export function foldScript(subject: Subject, plan: Plan): readonly Statement[] {
  const stores = storesOf(subject, plan);
  const own = stores.flatMap((store) =>
    store.plan.rule === 'add'
      ? foldFunction(store.subject, store.plan, store.foldsRows)
      : foldRows(store.subject, store.plan, store.isReplaced),
  );
  return stores.length === 1 ? own : [...own, ...foldAll(subject, stores)];
}

type Phases = Omit<Script, 'capture'>;

/** What is stored, and what rows that are stored after it are computed from. */
function storeTable({ subject, plan, isReadByRows }: StoreOf): readonly Statement[] {
  if (plan.rule === 'regroup') return rowsTable(subject, plan);
  const table = stateTable(plan, subject.names.state.sql);
  return isReadByRows ? [...table, keptRows(subject, plan)] : table;
}

const keptRows = (subject: StoreSubject, plan: AddPlan): Statement => ({
  label: 'what the store holds as it is stored, for rows that are stored after it',
  sql: sql`CREATE VIEW ${subject.names.kept.sql} AS\n${keptView(subject, plan)}`,
});

function storeScript({
  subject,
  plan,
  first,
  isBelow,
  isReadByRows,
  hasChange,
}: StoreOf): readonly Statement[] {
  if (plan.rule === 'regroup') return regroupScript(subject, plan, first);
  const changed = hasChange ? changeViews(subject, plan) : [];
  if (isBelow && !isReadByRows) return [...changed, ...computedAnew(subject, plan)];
  return [
    ...changed,
    ...partViews(subject, plan),
    ...changesFunction(subject, plan),
    ...computedAnew(subject, plan),
    ...(hasExtremes(plan.store) ? derivedFunction(subject, plan) : []),
    ...answerNow(subject, plan, first),
    ...(isReadByRows ? [rowsNow(subject, plan)] : []),
  ];
}

const rowsNow = (subject: StoreSubject, plan: AddPlan): Statement => ({
  label: 'what the store holds now, for rows that are read',
  sql: sql`CREATE VIEW ${subject.names.now.sql}${storeOptions(plan)} AS
${liveView({ ...subject, live: true }, plan)}`,
});

function answerNow(
  subject: StoreSubject,
  plan: AddPlan,
  first: FirstRows | null,
): readonly Statement[] {
  if (isMergedApart(plan)) return mergedAnswer(subject, plan, first);
  const view = hasExtremes(plan.store) ? mergedView : currentView;
  return [{ label: 'state and pending changes, added up', sql: view(subject, plan, first) }];
}

/** What finds the rows that a limit takes first. */
function limitIndex(subject: Subject, plan: Plan): readonly Statement[] {
  const order = indexedOrder(plan);
  if (order.length === 0) return [];
  return [
    {
      label: 'what finds the first rows',
      sql: sql`CREATE INDEX ON ${storedTable(subject, plan)} (${orderList(order)})`,
    },
  ];
}

const deltaScript = (subject: Subject, plan: Plan): Phases => ({
  register: registerScript(subject),
  load: [
    ...labelsTable(subject),
    ...fromBelow(storesOf(subject, plan)).flatMap(storeTable),
    ...fromBelow(storesOf(subject, plan)).flatMap(storeScript),
    ...limitIndex(subject, plan),
    ...elapsedView(subject, plan),
    ...foldScript(subject, plan),
    ...liveViews(subject, plan),
  ],
  publish: publishedView(subject, plan),
  swap: [],
});

function swapScript(subject: Subject): Phases {
  const { slots, both } = swapViews(subject);
  const [first, second] = slots;
  const { definition, current, view } = subject.names;
  return {
    register: registerScript(subject),
    load: [
      ...labelsTable(subject),
      {
        label: 'the stored table',
        sql: sql`CREATE TABLE ${first} AS SELECT * FROM ${definition.sql}`,
      },
      { label: 'what publications of all tables need', sql: identify(first) },
      { label: 'statistics', sql: sql`ANALYZE ${first}` },
      {
        label: 'the definition, behind a barrier',
        sql: barrierView(current.sql, sql`SELECT * FROM ${definition.sql}`),
      },
    ],
    publish: publishedView(subject, null),
    swap: [
      {
        label: 'during a swap: the other table',
        sql: sql`CREATE TABLE ${second} (LIKE ${first} INCLUDING ALL);\n${identify(second)}`,
      },
      {
        label: 'during a swap: what readers use',
        sql: sql`CREATE OR REPLACE VIEW ${view} AS\n${both}`,
      },
    ],
  };
}

function publishedView(subject: Subject, plan: Plan | null): readonly Statement[] {
  const { view } = subject.names;
  return [
    {
      label: 'what readers use',
      sql: sql`CREATE VIEW ${view}${readersOptions(plan)} AS\n${viewBody(subject, plan)}`,
    },
    describedView(view),
  ];
}

/** Where the materialized view has a comment, that takes its place. */
export const describedView = (view: Sql): Statement => ({
  label: 'what a colleague finds',
  sql: sql`COMMENT ON VIEW ${view} IS ${literal(
    'imat: answers as its query would now. See imat explain; imat revert removes it.',
  )}`,
});

export const registerScript = (
  subject: Pick<Subject, 'names' | 'definition' | 'searchPath'>,
): readonly Statement[] => [definitionView(subject)];

/** One statement, or three. */
function definitionView({
  names,
  definition,
  searchPath,
}: Pick<Subject, 'names' | 'definition' | 'searchPath'>): Statement {
  const create = sql`CREATE VIEW ${names.definition.sql} AS
${fragment(definition)}`;
  return {
    label: 'the definition, as a view',
    sql:
      searchPath === null
        ? create
        : sql`SET LOCAL search_path = ${fragment(searchPath)};
${create};
SET LOCAL search_path = pg_catalog`,
  };
}
