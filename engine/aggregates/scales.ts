/**
 * The largest display scale among a group's values, kept so that it can go down again when rows are
 * deleted. Where a row has one of a few scales that are known, as in `CASE WHEN a THEN price ELSE 0
 * END`, the rows of each but the least are counted.
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
import { join, sql } from '../sql/sql.ts';
import type { AggregateInput, Argument, PartRef } from './rule.ts';
import { isNumeric, partName } from './rule.ts';

/** A numeric has up to 131 072 digits before the point; its scale can be up to 16 383. */
const LARGEST = 10_900;

/**
 * The parts that count scales: `all` in one numeric, or one for each known scale but the least, the
 * largest first. Null where every row's scale is known to be the same, or scales do not show.
 */
export type ScaleCounts =
  | { readonly all: string }
  | {
      readonly larger: readonly { readonly scale: number; readonly part: string }[];
      readonly least: number;
    };

export function scaleCounts(
  input: AggregateInput,
  arg: Argument,
  finiteConditions: readonly Sql[],
): ScaleCounts | null {
  if (!isNumeric(arg.type) || arg.type.scale !== null) return null;
  if (arg.scales !== null) return countsOf(input, arg, arg.scales);
  const value = sql`('1e' || 12 * LEAST(pg_catalog.scale(${arg.value}), ${LARGEST}))::numeric`;
  return {
    all: input.parts.sum(
      partName('scales', arg),
      value,
      'numeric',
      finiteConditions,
      `rows by display scale of ${arg.label}: sum of 10^(12 * scale)`,
    ),
  };
}

function countsOf(
  input: AggregateInput,
  arg: Argument,
  [least, ...larger]: readonly number[],
): ScaleCounts | null {
  if (least === undefined || larger.length === 0) return null;
  const parts = larger.map((scale) => ({
    scale,
    part: input.parts.count(
      partName(`scale_${scale}`, arg),
      [...input.filter, sql`pg_catalog.scale(${arg.value}) = ${scale}`],
      `rows where ${arg.label} has ${scale} digits after the point`,
    ),
  }));
  return { larger: parts.toReversed(), least };
}

/**
 * `sum` with the scale that PostgreSQL's own sum of these rows has: `times` the largest scale of a
 * row (2 for squares).
 */
export function atRowScale(counts: ScaleCounts | null, ref: PartRef, sum: Sql, times: 1 | 2): Sql {
  if (counts === null) return sum;
  if ('larger' in counts) {
    const whens = counts.larger.map(
      ({ scale, part }) => sql`WHEN ${ref(part)} > 0 THEN ${times * scale}`,
    );
    const largest = sql`CASE ${join(whens, ' ')} ELSE ${times * counts.least} END`;
    return sql`pg_catalog.round(${sum}, ${largest})`;
  }
  const largest = sql`(pg_catalog.length(pg_catalog.trunc(${ref(counts.all)})::text) - 1) / 12`;
  const scale = times === 1 ? largest : sql`2 * (${largest})`;
  const kept = sql`pg_catalog.scale(${sum})`;
  const digits = sql`CASE WHEN ${largest} < ${LARGEST} THEN ${scale} ELSE ${kept} END`;
  return sql`pg_catalog.round(${sum}, ${digits})`;
}
