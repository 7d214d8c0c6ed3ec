/**
 * What a swap imat's view reads in each situation; see `imat.swap`.
 *
 * live: the stored table while no source has changed, otherwise the definition itself. Any other
 * freshness: what is stored. During a swap there are two tables, and the frontier says which of
 * them is the one to read.
 */
import type { Pending } from '../operators/pending.ts';
import { IN_PLACE, anyPending } from '../operators/pending.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, sql } from '../sql/sql.ts';
import type { Arm } from './arms.ts';
import { ARM, answeringArm, chosenArm } from './arms.ts';
import { GUARDED_MOMENT, GUARDED_SNAPSHOT, isStored } from './frontier.ts';
import { isOtherwise } from './labels.ts';
import { READ_ONLY } from './read-only.ts';
import type { Subject } from './subject.ts';
import { frontierOf } from './subject.ts';

export type SwapViews = {
  readonly slots: readonly [Sql, Sql];
  /** The view's body that reads one slot, and the one that reads both. */
  readonly views: readonly [Sql, Sql];
  readonly both: Sql;
};

export function swapViews(subject: Subject): SwapViews {
  const [first, second] = subject.names.slots;
  const slots = [first.sql, second.sql] as const;
  return {
    slots,
    views: [swapView(subject, [slots[0]]), swapView(subject, [slots[1]])],
    both: swapView(subject, slots),
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

function swapView(subject: Subject, slots: readonly Sql[]): Sql {
  const columns = subject.columns.map(ident);
  const list = join(columns, ', ');
  const current = subject.names.current.sql;
  if (subject.live && subject.watched === null)
    return sql`SELECT ${list}\nFROM ${current}\n${READ_ONLY}`;
  const frontier = frontierOf(subject, slots);
  const [table, other] = slots;
  if (table !== undefined && other === undefined && !subject.live)
    return sql`SELECT ${list}\nFROM ${table}\n${READ_ONLY}\nWHERE ${isStored(frontier)}`;
  const arms: Arm[] = slots.map((slot, index) => ({
    number: index === 0 ? ARM.stored : ARM.otherSlot,
    columns,
    from: slot,
    label: 'what is stored',
  }));
  if (subject.live)
    arms.push({ number: ARM.current, columns, from: current, label: 'the definition itself' });
  const { from, where } = chosenArm(
    arms,
    subject.columns,
    's',
    answeringArm(
      frontier,
      subject.live ? hasChanged(subject) : null,
      null,
      { when: isOtherwise(subject, []), arm: ARM.current },
      subject.live ? ARM.current : null,
    ),
  );
  return sql`SELECT ${join(
    columns.map((column) => sql`s.${column}`),
    ', ',
  )}
FROM ${from}
WHERE ${where}`;
}

/** Whether the stored table may not be the answer now. */
function hasChanged(subject: Subject): Sql {
  const pending: Pending = {
    frontier: GUARDED_SNAPSHOT,
    logOf: subject.logOf,
    moment: GUARDED_MOMENT,
    ...IN_PLACE,
  };
  return anyPending(pending, subject.watched ?? []);
}
