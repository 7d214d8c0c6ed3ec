/**
 * What a swap imat's view reads in each situation; see `imat.swap`.
 *
 * live: the stored table while no source has changed, otherwise the definition itself. Any other
 * freshness: what is stored. During a swap there are two tables, and the frontier says which of
 * them is the one to read.
 */
import type { Pending } from '../operators/pending.ts';
import { anyPending } from '../operators/pending.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, literal, regclass, sql } from '../sql/sql.ts';
import { GUARDED_SNAPSHOT, guarded, isStored } from './frontier.ts';
import { READ_ONLY } from './read-only.ts';
import type { Subject } from './subject.ts';
import { frontierOf } from './subject.ts';

export type SwapViews = {
  readonly slots: readonly [Sql, Sql];
  /** The view's body that reads one slot, and the one that reads both. */
  readonly views: readonly [Sql, Sql];
  readonly both: Sql;
};

/**
 * One branch per slot; `active` chooses between them by a one-time filter and is null if there is
 * one slot only.
 */
type Slot = { readonly table: Sql; readonly active: Sql | null };

export function swapViews(subject: Subject): SwapViews {
  const [first, second] = subject.names.slots;
  const slots = [first.sql, second.sql] as const;
  const alone = (slot: Sql): Sql => swapView(subject, [{ table: slot, active: null }]);
  const active = (slot: Sql): Sql => {
    const ofSlots = sql`f.state_relation IN (${join(slots.map(regclass), ', ')})`;
    const own = sql`f.imat_id = ${subject.id} AND ${ofSlots} AND f.here`;
    const isActive = sql`f.state_relation = ${regclass(slot)}`;
    const found = sql`SELECT ${isActive} FROM imat_catalog.frontier AS f WHERE ${own}`;
    const none = sql`imat_catalog.no_frontier(${literal(subject.name)})`;
    return sql`(SELECT COALESCE((${found}), ${none}))`;
  };
  return {
    slots,
    views: [alone(slots[0]), alone(slots[1])],
    both: swapView(
      subject,
      slots.map((slot) => ({ table: slot, active: active(slot) })),
    ),
  };
}

/** The column `swap` of imat_catalog.imat. */
export function swapJson(subject: Subject): string {
  const { slots, views, both } = swapViews(subject);
  return JSON.stringify({
    slots: slots.map((slot) => slot.text),
    views: views.map((view) => view.text),
    both: both.text,
    settings: subject.settings,
  });
}

function swapView(subject: Subject, slots: readonly Slot[]): Sql {
  const columns = join(subject.columns.map(ident), ', ');
  const current = subject.names.current.sql;
  const frontier = frontierOf(
    subject,
    slots.map(({ table }) => table),
  );
  const unchanged = subject.live ? fresh(subject, slots) : null;
  if (subject.live && unchanged === null)
    return sql`SELECT ${columns}\nFROM ${current}\n${READ_ONLY}`;
  const stored = slots.map(({ table, active }) => {
    const alone = unchanged === null && active === null;
    const gates = [
      ...(alone ? [isStored(frontier)] : []),
      ...(unchanged === null ? [] : [unchanged]),
      ...(active === null ? [] : [active]),
    ];
    const readOnly = alone ? sql`\n${READ_ONLY}` : sql``;
    return sql`SELECT ${columns}\nFROM ${table}${readOnly}\nWHERE ${join(gates, '\n  AND ')}`;
  });
  if (unchanged === null) return join(stored, '\nUNION ALL\n');
  return sql`-- no source has changed since the table was stored
${join(stored, '\nUNION ALL\n')}
UNION ALL
-- otherwise: the definition itself
SELECT ${columns}
FROM ${current}
WHERE NOT ${unchanged}`;
}

/**
 * Whether the stored table is the answer now; null if that cannot be known without computing it.
 */
function fresh(subject: Subject, slots: readonly Slot[]): Sql | null {
  if (subject.watched === null) return null;
  const pending: Pending = { frontier: GUARDED_SNAPSHOT, logOf: subject.logOf, changed: null };
  const states = slots.map(({ table }) => table);
  const unchanged = guarded(
    frontierOf(subject, states),
    sql`NOT (${anyPending(pending, subject.watched)})`,
  );
  if (!subject.dependsOnSettings) return unchanged;
  const current = join(
    Object.keys(subject.settings).map((name) => sql`pg_catalog.current_setting(${literal(name)})`),
    ', ',
  );
  const pinned = join(Object.values(subject.settings).map(literal), ', ');
  return sql`(${unchanged} AND (SELECT ROW(${current}) = ROW(${pinned})))`;
}
