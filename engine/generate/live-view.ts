/**
 * The body of `imat.<name>` of a delta imat, by freshness.
 *
 * live: an arm that is the state alone answers while nothing is pending, otherwise one that adds
 * state and pending up key by key (`arms.ts`). The grouping needs no join, so NULL keys need no
 * care and conditions on keys reach the state's index and the log alike. Measured against a LEFT
 * JOIN of state and pending with an anti-joined rest: see docs/benchmarks.md. Where a log does not
 * have a change as rows, the state is computed anew (`anew.ts`).
 *
 * Any other freshness: what is stored.
 *
 * What stands above the core in the definition is computed here, over the stored columns of the
 * arm that answers.
 *
 * A materialized view is a barrier by nature: no condition of a reader meets what the definition
 * filters out. Stored rows are the answer, so conditions may go down to them. What is computed
 * when read is in a view of its own with security_barrier, `current_<name>`: only leakproof
 * conditions go down there. The barrier is not on `imat.<name>` itself, because the stored rows
 * would lose the order of their indexes. Only if the view filters stored rows (HAVING) is it a
 * barrier as well.
 */
import { faceOf } from '../operators/all.ts';
import type { Pending } from '../operators/pending.ts';
import { anyPending, resetPending, treeChanged } from '../operators/pending.ts';
import type { Rows, Shape } from '../operators/rule.ts';
import { columnOf, conditions } from '../operators/rule.ts';
import {
  columnsRead,
  computedValues,
  readColumns,
  STATE,
  stateColumn,
  stateColumns,
  storedType,
  summed,
} from '../operators/store.ts';
import { columnsOf, nodesOf } from '../algebra/node.ts';
import type { Plan } from '../plan/plan.ts';
import { coreInput } from '../plan/plan.ts';
import { OWN_COLUMNS } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { computedRows } from './anew.ts';
import type { Arm } from './arms.ts';
import { ARM, answeringArm, chosenArm, onlyArms } from './arms.ts';
import { GUARDED_SNAPSHOT, isStored } from './frontier.ts';
import type { Subject } from './subject.ts';
import { frontierOf } from './subject.ts';

const ROWS = ident(OWN_COLUMNS.rows);

/**
 * A view through which no function of a reader meets a row that the view does not show. Its query
 * must not be a plain UNION ALL: PostgreSQL flattens that in spite of the barrier.
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
  const than = fragment(store.identity.repeats ? '>' : '<>');
  const having = store.identity.vanishes
    ? sql`\nHAVING pg_catalog.sum(u.${ROWS}) ${than} 0`
    : sql``;
  return sql`${summed(store, rows)}${having}`;
}

export function liveView(subject: Subject, plan: Plan): Sql {
  const frontier = frontierOf(subject, [subject.names.state.sql]);
  const stored = storedArms(subject, plan);
  if (!subject.live)
    return residualOver(plan, { from: [onlyArms(stored, STATE)], where: [isStored(frontier)] });
  const pending: Pending = { frontier: GUARDED_SNAPSHOT, logOf: subject.logOf, changed: null };
  const { sources } = coreInput(plan, null).shape;
  const arms = [...stored, ...computedArms(subject, plan)];
  const { from, where } = chosenArm(
    arms,
    columnsRead(plan.store),
    STATE,
    answeringArm(
      frontier,
      anyPending(pending, sources),
      sources.length === 0 ? null : resetPending(GUARDED_SNAPSHOT, sources),
      { when: treeChanged(subject.partitioned), arm: ARM.anew },
    ),
  );
  return residualOver(plan, { from: [from], where: [where] });
}

/**
 * What is stored. Of rows that stand for several, the first one comes with all others: by far the
 * most occur once, and are read without the detour of repeating them.
 */
function storedArms(subject: Subject, { store }: Plan): Arm[] {
  const table = sql`${subject.names.state.sql} AS ${ident(STATE)}`;
  const columns = readColumns(store, computedValues(store));
  const rows: Arm = { number: ARM.stored, columns, from: table, label: 'what is stored' };
  if (!store.identity.repeats) return [rows];
  const more = sql`${ident(STATE)}.${ROWS} - 1`;
  return [
    rows,
    {
      ...rows,
      from: sql`${table}${repeated(more)}\nWHERE ${ident(STATE)}.${ROWS} > 1`,
      label: 'the other copies of rows that occur more than once',
    },
  ];
}

function computedArms(subject: Subject, { store }: Plan): Arm[] {
  const copies = store.identity.repeats ? repeated(sql`${ident(STATE)}.${ROWS}`) : sql``;
  const columns = readColumns(store, store.values);
  return [
    {
      number: ARM.current,
      columns,
      from: sql`${subject.names.current.sql} AS ${ident(STATE)}${copies}`,
      label: 'what is stored and what is pending, added up',
    },
    {
      number: ARM.anew,
      columns,
      from: sql`${computedRows(subject)} AS ${ident(STATE)}${copies}`,
      label: 'what the sources have',
    },
  ];
}

/**
 * Repeats a row of FROM. The planner expects ten elements of an array that it does not know, but
 * 1,000 rows of generate_series, and would compile queries for a thousand times the rows that are
 * there.
 */
const repeated = (times: Sql): Sql =>
  sql`\nCROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(${times})::integer]))`;

/** The definition computed from the stored columns that `rows` has. */
function residualOver(plan: Plan, rows: Rows): Sql {
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

/** The definition's columns, in its types. */
function outputs({ residual, store, outputTypes }: Plan, shape: Shape): Sql[] {
  const names = new Map(
    [...store.columns.values()].map((name) => [stateColumn(name).text, name] as const),
  );
  return columnsOf(residual).map((column, index) => {
    const type = outputTypes[index];
    if (type === undefined) throw new Error(`no type for column ${column.name}`);
    const value = columnOf(shape, column.id);
    const stored = names.get(value.text);
    const isAsStored = stored !== undefined && storedType(store, stored) === type;
    return sql`${isAsStored ? value : sql`(${value})::${fragment(type)}`} AS ${ident(column.name)}`;
  });
}
