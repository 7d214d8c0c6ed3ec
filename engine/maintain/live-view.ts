/**
 * The body of `imat.<name>`, by strategy and freshness.
 *
 * live, delta: the state alone while nothing is pending (a one-time filter chooses, so the other branch is planned and
 * never run); otherwise state and pending added up key by key. The grouping needs no join, so NULL keys need no care and
 * conditions on keys reach the state's index and the log alike. Measured against a LEFT JOIN of state and pending with an
 * anti-joined rest: see docs/benchmarks.md.
 *
 * live, swap: the stored table while no source has changed, otherwise the definition itself.
 *
 * Any other freshness: what is stored.
 *
 * A materialized view is a barrier by nature: what its definition filters out, no condition of a reader meets. Here the
 * stored rows are the answer, so conditions may go down to them. What is computed when read stands in a view of its own
 * with security_barrier, `current_<name>`: there only leakproof conditions go down. The barrier is not on `imat.<name>`
 * itself, for two reasons: PostgreSQL flattens a view that is a plain UNION ALL in spite of it, and the stored rows would
 * lose the order of their indexes. Only where the view filters stored rows (HAVING) is it a barrier as well.
 */
import type { Pending } from '../operators/join.ts';
import { anyPending } from '../operators/join.ts';
import type { FrontierOf } from './frontier.ts';
import { GUARDED_SNAPSHOT, guarded, isStored } from './frontier.ts';
import { stateColumns, summed, withValues } from '../operators/group.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import { STATE } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, lines, sql } from '../sql/sql.ts';

/** What a live view must know besides. */
export type Live = { readonly logOf: Pending['logOf']; readonly current: Sql };

/** A view of which readers' functions meet no row that it does not show. Its query must not be a plain UNION ALL. */
export const barrierView = (name: Sql, query: Sql): Sql =>
  sql`CREATE VIEW ${name} WITH (security_barrier) AS\n${query}`;

/** What stands after the name of `imat.<name>`, also where it is replaced: PostgreSQL forgets the options then. */
export const readersOptions = (plan: DeltaPlan | null): Sql =>
  plan === null || plan.having === null ? sql`` : sql` WITH (security_barrier)`;

/** State and pending changes added up, as rows of the state. */
export function currentState(plan: DeltaPlan, state: Sql, delta: Sql): Sql {
  const columns = join(stateColumns(plan).map(ident), ', ');
  const rows = sql`SELECT ${columns} FROM ${state}
UNION ALL
SELECT ${columns} FROM ${delta}`;
  return sql`${summed(plan, rows)}${plan.single ? sql`` : sql`\nHAVING pg_catalog.sum(u.row_count) <> 0`}`;
}

/** `live` is null for a view that reads the state alone. */
export function deltaView(
  plan: DeltaPlan,
  state: Sql,
  frontier: FrontierOf,
  live: Live | null,
): Sql {
  const computed = plan.values.filter((value) => !value.stored);
  const stored = sql`${withValues(computed, state)} AS ${ident(STATE)}`;
  if (live === null)
    return fenced(
      plan,
      join(branches(plan, sql`${stored}\n${READ_ONLY}`, [isStored(frontier)]), '\nUNION ALL\n'),
    );
  const oids = plan.occurrences.map((occurrence) => occurrence.source.oid);
  const pending: Pending = {
    frontier: GUARDED_SNAPSHOT,
    logOf: live.logOf,
    changed: null,
    netted: false,
  };
  const some = guarded(frontier, anyPending(pending, oids));
  const merged = sql`${withValues(plan.values, live.current)} AS ${ident(STATE)}`;
  return fenced(
    plan,
    sql`-- nothing pending: the state is the answer
${join(branches(plan, stored, [sql`NOT ${some}`]), '\nUNION ALL\n')}
UNION ALL
-- otherwise: the state and the pending changes, added up
${branch(plan, merged, [some], plan.shape === 'bag' ? 'many' : 'one')}`,
  );
}

/** Where the view filters stored rows: not a plain UNION ALL, through which PostgreSQL sees no barrier. */
function fenced(plan: DeltaPlan, body: Sql): Sql {
  if (plan.having === null) return body;
  const columns = join(
    plan.outputs.map((output) => sql`q.${ident(output.name)}`),
    ', ',
  );
  return sql`SELECT ${columns}\nFROM (\n  ${body}\n) AS q`;
}

/** A bag's rows that occur once, by far the most, are read without the detour of repeating them. */
function branches(plan: DeltaPlan, stored: Sql, gates: readonly Sql[]): Sql[] {
  if (plan.shape === 'group') return [branch(plan, stored, gates, 'one')];
  return [
    branch(plan, stored, [...gates, sql`${ident(STATE)}.row_count = 1`], 'one'),
    branch(plan, stored, [...gates, sql`${ident(STATE)}.row_count > 1`], 'many'),
  ];
}

function branch(plan: DeltaPlan, from: Sql, gates: readonly Sql[], copies: 'one' | 'many'): Sql {
  const outputs = plan.outputs.map((output) => sql`${output.value} AS ${ident(output.name)}`);
  const conditions = [...gates, ...(plan.having === null ? [] : [plan.having])];
  const repeat =
    copies === 'many'
      ? sql`\nCROSS JOIN LATERAL pg_catalog.generate_series(1, ${ident(STATE)}.row_count)`
      : sql``;
  return sql`SELECT${plan.distinct ? sql` DISTINCT` : sql``}
  ${lines(outputs)}
FROM ${from}${repeat}${conditions.length === 0 ? sql`` : sql`\nWHERE ${join(conditions, '\n  AND ')}`}`;
}

/**
 * PostgreSQL lets writes through a view of one table, which would spoil what is stored. A second item in FROM forbids it and
 * costs nothing.
 */
const READ_ONLY = sql`CROSS JOIN (SELECT) AS read_only`;

/** `fresh` is null where the stored table cannot be known to be fresh: then a live view is the definition. */
export type SwapBody = {
  readonly columns: readonly string[];
  /** The definition behind a barrier. */
  readonly current: Sql;
  readonly frontier: FrontierOf;
  readonly fresh: Sql | null;
};

/** One branch per slot; `active` chooses between them by a one-time filter and is null where there is one slot only. */
export type SwapSlot = { readonly table: Sql; readonly active: Sql | null };

export function swapView(body: SwapBody, slots: readonly SwapSlot[], live: boolean): Sql {
  const columns = join(body.columns.map(ident), ', ');
  if (live && body.fresh === null)
    return sql`SELECT ${columns}\nFROM ${body.current}\n${READ_ONLY}`;
  const fresh = live && body.fresh !== null ? [body.fresh] : [];
  const stored = slots.map((slot) => {
    const alone = fresh.length === 0 && slot.active === null;
    const conditions = alone
      ? [isStored(body.frontier)]
      : [...fresh, ...(slot.active === null ? [] : [slot.active])];
    return sql`SELECT ${columns}\nFROM ${slot.table}${alone ? sql`\n${READ_ONLY}` : sql``}\nWHERE ${join(conditions, '\n  AND ')}`;
  });
  if (fresh.length === 0) return join(stored, '\nUNION ALL\n');
  return sql`-- no source has changed since the table was stored
${join(stored, '\nUNION ALL\n')}
UNION ALL
-- otherwise: the definition itself
SELECT ${columns}
FROM ${body.current}
WHERE NOT ${body.fresh ?? sql`TRUE`}`;
}
