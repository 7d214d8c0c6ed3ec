/**
 * The largest display scale among a group's values, kept so that it can go down again when rows are
 * deleted.
 *
 * PostgreSQL's own numeric aggregates do the same for moving windows by a counter for the largest
 * scale only (`maxScaleCount` in numeric.c), and start again from the rows when it reaches 0.
 * Without the rows at hand, all scales are counted, in one numeric: the sum over the rows of 10^(12
 * * scale). Its groups of twelve digits are the counts, and its number of digits gives the largest
 * scale. Right up to 10^12 rows of one scale in a group. Scales from LARGEST on are counted as
 * LARGEST, since a numeric has no more digits: the values are right there as well, but zeros at
 * their end may stay when such a row is deleted.
 */
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import type { AggregateInput, Argument, PartRef } from './rule.ts';
import { isNumeric, partName } from './rule.ts';

/** A numeric has up to 131 072 digits before the point; its scale can be up to 16 383. */
const LARGEST = 10_900;

/**
 * Names the part that counts scales; null where every row's scale is known to be the same, or
 * scales do not show.
 */
export function scaleCounts(
  input: AggregateInput,
  arg: Argument,
  finiteConditions: readonly Sql[],
): string | null {
  if (!isNumeric(arg.type) || arg.type.scale !== null || arg.fixedScale !== null) return null;
  const value = sql`('1e' || 12 * LEAST(pg_catalog.scale(${arg.value}), ${LARGEST}))::numeric`;
  return input.parts.sum(
    partName('scales', arg),
    value,
    'numeric',
    finiteConditions,
    `rows by display scale of ${arg.label}: sum of 10^(12 * scale)`,
  );
}

/**
 * `sum` with the scale that PostgreSQL's own sum of these rows has: `times` the largest scale of a
 * row (2 for squares).
 */
export function atRowScale(counts: string | null, ref: PartRef, sum: Sql, times: 1 | 2): Sql {
  if (counts === null) return sum;
  const largest = sql`(pg_catalog.length(pg_catalog.trunc(${ref(counts)})::text) - 1) / 12`;
  const scale = times === 1 ? largest : sql`2 * (${largest})`;
  const kept = sql`pg_catalog.scale(${sum})`;
  const digits = sql`CASE WHEN ${largest} < ${LARGEST} THEN ${scale} ELSE ${kept} END`;
  return sql`pg_catalog.round(${sum}, ${digits})`;
}
