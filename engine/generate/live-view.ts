/**
 * The body of `imat.<name>` of a delta imat, by freshness.
 *
 * live: the state alone while nothing is pending (a one-time filter chooses, so the other branch is
 * planned and never run); otherwise state and pending added up key by key. The grouping needs no
 * join, so NULL keys need no care and conditions on keys reach the state's index and the log alike.
 * Measured against a LEFT JOIN of state and pending with an anti-joined rest: see
 * docs/benchmarks.md.
 *
 * Any other freshness: what is stored.
 *
 * What stands above the core in the definition is computed here, over the stored columns.
 *
 * A materialized view is a barrier by nature: no condition of a reader meets what the definition
 * filters out. Stored rows are the answer, so conditions may go down to them. What is computed
 * when read is in a view of its own with security_barrier, `current_<name>`: only leakproof
 * conditions go down there. The barrier is not on `imat.<name>` itself, for two reasons:
 * PostgreSQL flattens a view that is a plain UNION ALL in spite of it, and the stored rows would
 * lose the order of their indexes. Only if the view filters stored rows (HAVING) is it a barrier
 * as well.
 */
import { faceOf } from '../operators/all.ts';
import type { Pending } from '../operators/pending.ts';
import { anyPending } from '../operators/pending.ts';
import type { Shape } from '../operators/rule.ts';
import { columnOf, conditions } from '../operators/rule.ts';
import {
  computedValues,
  STATE,
  stateColumn,
  stateColumns,
  storedAs,
  summed,
  withValues,
} from '../operators/store.ts';
import { columnsOf, nodesOf } from '../algebra/node.ts';
import type { Plan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { GUARDED_SNAPSHOT, guarded, isStored } from './frontier.ts';
import { READ_ONLY } from './read-only.ts';
import type { Subject } from './subject.ts';
import { frontierOf } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);

/**
 * A view through which no function of a reader meets a row that the view does not show. Its query
 * must not be a plain UNION ALL.
 */
export const barrierView = (name: Sql, query: Sql): Sql =>
  sql`CREATE VIEW ${name} WITH (security_barrier) AS\n${query}`;

/**
 * The options of `imat.<name>`. They are repeated when the view is replaced, because PostgreSQL
 * drops them then.
 */
export const readersOptions = (plan: Plan | null): Sql =>
  plan !== null && filtersStored(plan) ? sql` WITH (security_barrier)` : sql``;

/** Whether the view leaves out stored rows. */
const filtersStored = ({ core, residual }: Plan): boolean =>
  nodesOf(residual).some((node) => node.op === 'filter' && !nodesOf(core).includes(node));

/** State and pending changes added up, as rows of the state. */
export function currentState(subject: Subject, { store }: Plan): Sql {
  const columns = join(stateColumns(store).map(ident), ', ');
  const rows = sql`SELECT ${columns} FROM ${subject.names.state.sql}
UNION ALL
SELECT ${columns} FROM ${subject.names.delta.sql}`;
  const having = store.identity.vanishes ? sql`\nHAVING pg_catalog.sum(u.${ROWS}) <> 0` : sql``;
  return sql`${summed(store, rows)}${having}`;
}

export function liveView(subject: Subject, plan: Plan): Sql {
  const { store } = plan;
  const state = subject.names.state.sql;
  const frontier = frontierOf(subject, [state]);
  const stored = sql`${withValues(computedValues(store), state)} AS ${ident(STATE)}`;
  if (!subject.live)
    return fenced(
      plan,
      join(branches(plan, sql`${stored}\n${READ_ONLY}`, [isStored(frontier)]), '\nUNION ALL\n'),
    );
  const pending: Pending = { frontier: GUARDED_SNAPSHOT, logOf: subject.logOf, changed: null };
  const some = guarded(frontier, anyPending(pending, coreInput(plan, null).shape.sources));
  const merged = sql`${withValues(store.values, subject.names.current.sql)} AS ${ident(STATE)}`;
  return fenced(
    plan,
    sql`-- nothing pending: the state is the answer
${join(branches(plan, stored, [sql`NOT ${some}`]), '\nUNION ALL\n')}
UNION ALL
-- otherwise: the state and the pending changes, added up
${branch(plan, merged, [some], store.identity.repeats ? 'many' : 'one')}`,
  );
}

/**
 * The body of a view that filters stored rows, so that it is no plain UNION ALL, through which
 * PostgreSQL sees no barrier.
 */
function fenced(plan: Plan, body: Sql): Sql {
  if (!filtersStored(plan)) return body;
  const columns = columnsOf(plan.residual).map(({ name }) => sql`q.${ident(name)}`);
  return sql`SELECT ${join(columns, ', ')}\nFROM (\n  ${body}\n) AS q`;
}

/** A bag's rows that occur once, by far the most, are read without the detour of repeating them. */
function branches(plan: Plan, stored: Sql, gates: readonly Sql[]): Sql[] {
  if (!plan.store.identity.repeats) return [branch(plan, stored, gates, 'one')];
  return [
    branch(plan, stored, [...gates, sql`${ident(STATE)}.${ROWS} = 1`], 'one'),
    branch(plan, stored, [...gates, sql`${ident(STATE)}.${ROWS} > 1`], 'many'),
  ];
}

/** The residual over the stored columns in `from`. */
function branch(plan: Plan, from: Sql, gates: readonly Sql[], copies: 'one' | 'many'): Sql {
  const repeat =
    copies === 'many'
      ? sql`\nCROSS JOIN LATERAL pg_catalog.generate_series(1, ${ident(STATE)}.${ROWS})`
      : sql``;
  const rows = { from: [sql`${from}${repeat}`], where: gates };
  const { shape, now } = faceOf(plan.residual, null, {
    node: plan.core,
    shape: storedShape(plan),
    rows,
  });
  return sql`SELECT
  ${lines(outputs(plan, shape))}
FROM ${join(now.from, ', ')}${conditions(now.where)}`;
}

/** The core's columns as they are stored. */
export function storedShape({ store, core }: Plan): Shape {
  return {
    columns: new Map([...store.columns].map(([id, name]) => [id, stateColumn(name)])),
    relations: [],
    sources: [],
    label: `stored rows of ${core.op}`,
  };
}

/**
 * The definition's columns, in its types: a log has a domain's values in the base type, and so has
 * what is added up.
 */
function outputs({ residual, store, outputTypes }: Plan, shape: Shape): Sql[] {
  const names = new Map(
    [...store.columns.values()].map((name) => [stateColumn(name).text, name] as const),
  );
  return columnsOf(residual).map((column, index) => {
    const type = outputTypes[index];
    if (type === undefined) throw new Error(`no type for column ${column.name}`);
    const value = columnOf(shape, column.id);
    const stored = names.get(value.text);
    const isAsStored = stored !== undefined && storedAs(store, stored, type);
    return sql`${isAsStored ? value : sql`(${value})::${fragment(type)}`} AS ${ident(column.name)}`;
  });
}
