/**
 * The session settings on which an answer depends, where the definition does not name them:
 * DateStyle in `d::text`, TimeZone in JSON with a time, extra_float_digits in `f::text`. What is
 * stored was computed under those of the session that converted. Folds compute under the same;
 * a reader under other ones runs the definition.
 */
import type { Sql } from '../sql/sql.ts';
import { fragment, join, literal, sql } from '../sql/sql.ts';
import type { Subject } from './subject.ts';

const DIGITS = 'extra_float_digits';

/** Whether the reader has other settings; null if the answer depends on none. */
export function hasOtherSettings({ settings, dependsOnSettings }: Subject): Sql | null {
  if (!dependsOnSettings) return null;
  const names = Object.keys(settings);
  const current = names.map((name) => {
    const value = sql`pg_catalog.current_setting(${literal(name)})`;
    // Everything above 0 prints the same, and drivers choose 2 or 3.
    return name === DIGITS ? sql`LEAST(${value}::integer, 1)` : value;
  });
  const pinned = names.map((name) =>
    name === DIGITS ? sql`${Math.min(Number(settings[name]), 1)}` : literal(settings[name] ?? ''),
  );
  return sql`ROW(${join(current, ', ')}) <> ROW(${join(pinned, ', ')})`;
}

/** The clauses, a line each, of a function that computes what is stored. */
export const storedUnder = ({ settings, dependsOnSettings }: Subject): Sql =>
  dependsOnSettings
    ? join(
        Object.entries(settings).map(
          ([name, value]) => sql`SET ${fragment(name)} = ${literal(value)}\n`,
        ),
        '',
      )
    : sql``;
