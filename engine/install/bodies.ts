/** All SQL that an imat consists of, from its analysis: what convert runs, what explain shows. */
import type { Pending } from '../operators/join.ts';
import { anyPending } from '../operators/join.ts';
import { identity, stateFromScratch } from '../operators/group.ts';
import { identify } from '../maintain/capture.ts';
import { deltaBody } from '../maintain/delta.ts';
import { foldFunction } from '../maintain/fold.ts';
import type { FrontierOf } from '../maintain/frontier.ts';
import { dependencies, GUARDED_SNAPSHOT, guarded } from '../maintain/frontier.ts';
import type { SwapBody } from '../maintain/live-view.ts';
import { barrierView, currentState, deltaView, swapView } from '../maintain/live-view.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import { storedValues } from '../plan/plan.ts';
import type { ImatNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, literal, regclass, sql } from '../sql/sql.ts';
import type { Analysis } from '../analysis/analyse.ts';

export type Labelled = { readonly label: string; readonly sql: Sql };

export type Building = {
  readonly id: number;
  readonly name: string;
  readonly names: ImatNames;
  readonly live: boolean;
  readonly logOf: Pending['logOf'];
  /** The extension's schema, where it captures a source of this imat. */
  readonly extension: Sql | null;
  readonly analysis: Analysis;
  /** OIDs of all tables whose logs say whether the answer may have changed. */
  readonly watched: readonly number[];
  /** Session settings as they are at convert time, by name. */
  readonly settings: Readonly<Record<string, string>>;
};

/** One statement, or three. */
export function definitionView(
  names: ImatNames,
  { definition, searchPath }: Pick<Analysis, 'definition' | 'searchPath'>,
): Sql {
  const create = sql`CREATE VIEW ${names.definition.sql} AS
${fragment(definition)}`;
  if (searchPath === null) return create;
  return sql`SET LOCAL search_path = ${fragment(searchPath)};
${create};
SET LOCAL search_path = pg_catalog`;
}

const STATE_OPTIONS = sql`fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02`;

/** The state table of a delta imat, filled. */
export function deltaState(plan: DeltaPlan, names: ImatNames): readonly Labelled[] {
  const table = names.state.sql;
  const comments = [
    ...plan.keys.map(
      (key) => sql`COMMENT ON COLUMN ${table}.${ident(key.name)} IS ${literal(key.label)}`,
    ),
    ...plan.parts.map(
      (part) => sql`COMMENT ON COLUMN ${table}.${ident(part.name)} IS ${literal(part.comment)}`,
    ),
    ...storedValues(plan).map(
      (value) => sql`COMMENT ON COLUMN ${table}.${ident(value.name)} IS ${literal(value.label)}`,
    ),
  ];
  const values = storedValues(plan).map(
    (value) =>
      sql`ADD COLUMN ${ident(value.name)} ${fragment(value.type)} GENERATED ALWAYS AS (${value.finish(ident)}) STORED`,
  );
  return [
    {
      label: 'the state: one row per group, with what each aggregate needs',
      sql: sql`CREATE TABLE ${table} WITH (${STATE_OPTIONS}) AS\n${stateFromScratch(plan)}`,
    },
    { label: 'what publications of all tables need', sql: identify(table) },
    // Not in CREATE TABLE: an INSERT ... SELECT into it would not use parallel workers.
    ...(values.length === 0
      ? []
      : [
          {
            label: 'finished aggregates, computed once',
            sql: sql`ALTER TABLE ${table}\n  ${lines(values)}`,
          },
        ]),
    {
      label: 'what finds a group, NULL keys being equal',
      sql: sql`CREATE UNIQUE INDEX ON ${table} (${join(identity(plan).map(ident), ', ')}) NULLS NOT DISTINCT`,
    },
    ...comments.map((comment) => ({ label: 'what the column holds', sql: comment })),
    { label: 'statistics', sql: sql`ANALYZE ${table}` },
  ];
}

/** What is pending, as views, and the function that folds it. */
export function deltaMaintenance(building: Building, plan: DeltaPlan): readonly Labelled[] {
  const { state, fold, delta, netted, current } = building.names;
  const view = (name: Sql, isNetted: boolean): Sql =>
    sql`CREATE VIEW ${name} AS\n${deltaBody(plan, building.id, building.logOf, isNetted)}`;
  return [
    { label: 'what is pending, as rows of the state', sql: view(delta.sql, plan.canFail) },
    ...(plan.canFail
      ? []
      : [
          {
            label: 'the same, with pending rows cancelled against each other first',
            sql: view(netted.sql, true),
          },
        ]),
    {
      label: 'fold: adds what is pending to the state',
      sql: foldFunction(plan, {
        state: state.sql,
        fold: fold.sql,
        delta: delta.sql,
        netted: plan.canFail ? null : netted.sql,
      }),
    },
    {
      label: 'only imat.fold calls it',
      sql: sql`REVOKE ALL ON FUNCTION ${fold.sql}() FROM PUBLIC`,
    },
    {
      label: 'state and pending changes, added up',
      sql: barrierView(current.sql, currentState(plan, state.sql, delta.sql)),
    },
  ];
}

/** The definition as readers of a swap imat may meet it. */
export const swapCurrent = ({ names }: Building): Labelled => ({
  label: 'the definition, behind a barrier',
  sql: barrierView(names.current.sql, sql`SELECT * FROM ${names.definition.sql}`),
});

export function deltaViewBody(building: Building, plan: DeltaPlan): Sql {
  const state = building.names.state.sql;
  const live = building.live
    ? { logOf: building.logOf, current: building.names.current.sql }
    : null;
  return deltaView(plan, state, frontierOf(building, [state]), live);
}

const frontierOf = (building: Building, states: readonly Sql[]): FrontierOf => ({
  imatId: building.id,
  name: building.name,
  states,
  dependencies: dependencies(building.names.definition.sql, building.extension),
});

/** What a swap imat's view reads in each situation; see imat.swap. */
export type SwapSql = {
  readonly slots: readonly [Sql, Sql];
  readonly views: readonly [Sql, Sql];
  readonly both: Sql;
};

export function swapSql(building: Building): SwapSql {
  const slots = building.names.slots.map((slot) => slot.sql) as unknown as readonly [Sql, Sql];
  const body = (states: readonly Sql[]): SwapBody => ({
    columns: building.analysis.columns.map((column) => column.name),
    current: building.names.current.sql,
    frontier: frontierOf(building, states),
    fresh: fresh(building, states),
  });
  const alone = (slot: Sql): Sql =>
    swapView(body([slot]), [{ table: slot, active: null }], building.live);
  const active = (slot: Sql): Sql =>
    sql`(SELECT COALESCE((SELECT f.state_relation = ${regclass(slot)} FROM imat_catalog.frontier AS f WHERE f.imat_id = ${building.id} AND f.state_relation IN (${join(slots.map(regclass), ', ')}) AND f.here), imat_catalog.no_frontier(${literal(building.name)})))`;
  return {
    slots,
    views: [alone(slots[0]), alone(slots[1])],
    both: swapView(
      body(slots),
      slots.map((slot) => ({ table: slot, active: active(slot) })),
      building.live,
    ),
  };
}

/** Whether the stored table is the answer now; null where that cannot be known without computing it. */
function fresh(building: Building, states: readonly Sql[]): Sql | null {
  const { analysis } = building;
  if (analysis.unwatchable.length > 0 || analysis.dependence === 'moment') return null;
  const pending: Pending = {
    frontier: GUARDED_SNAPSHOT,
    logOf: building.logOf,
    changed: null,
    netted: false,
  };
  const unchanged = guarded(
    frontierOf(building, states),
    sql`NOT (${anyPending(pending, building.watched)})`,
  );
  if (analysis.dependence === 'tables') return unchanged;
  const current = join(
    Object.keys(building.settings).map((name) => sql`pg_catalog.current_setting(${literal(name)})`),
    ', ',
  );
  const pinned = join(Object.values(building.settings).map(literal), ', ');
  return sql`(${unchanged} AND (SELECT ROW(${current}) = ROW(${pinned})))`;
}

/** The column `swap` of imat_catalog.imat. */
export function swapJson(building: Building): string {
  const body = swapSql(building);
  return JSON.stringify({
    slots: body.slots.map((slot) => slot.text),
    views: body.views.map((view) => view.text),
    both: body.both.text,
    settings: building.settings,
  });
}
