/**
 * Grouping: rows with weights to one stored row per key, with a count and additive parts.
 *
 *   state           for each key: the sum over its rows of weight * contribution, for each part
 *   delta           the same over the delta of the input, added key by key
 *   a group exists  while its row count is not 0; without GROUP BY there is always exactly one row
 *
 * A select-project-join (a bag) is a grouping by all its columns with the row count as multiplicity. There, rows are
 * told apart by their image (a digest of their binary form), not by `=`: 1.0 and 1.00 are two rows of the answer.
 */
import type { DeltaPlan, Value } from '../plan/plan.ts';
import type { Part } from '../aggregates/parts.ts';
import { partFromScratch, partOfRow, partSum, zeroOf } from '../aggregates/parts.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Pending } from './join.ts';
import { anyOf, canNet, imageOf } from './image.ts';
import { deltaTerms, fromScratch, nettedTerm } from './join.ts';

/** The column of an ungrouped imat's one row. */
const ONLY_ROW = 'only_row';
/** SHA-256 of a bag row's binary image. */
const ROW_DIGEST = 'row_digest';

/** The columns by which a stored row is found: the state's unique key. */
export function identity(plan: DeltaPlan): readonly string[] {
  if (plan.single) return [ONLY_ROW];
  return plan.shape === 'bag' ? [ROW_DIGEST] : plan.keys.map((key) => key.name);
}

/** All state columns that are not parts, in order. */
export function stateKeys(plan: DeltaPlan): readonly string[] {
  const keys = plan.keys.map((key) => key.name);
  if (plan.single) return [ONLY_ROW, ...keys];
  return plan.shape === 'bag' ? [ROW_DIGEST, ...keys] : keys;
}

/** The columns that additions are made to; values follow from them. */
export const stateColumns = (plan: DeltaPlan): readonly string[] => [
  ...stateKeys(plan),
  ...plan.parts.map((part) => part.name),
];

/** The state's content computed from the sources: one row per key. */
export function stateFromScratch(plan: DeltaPlan): Sql {
  if (plan.shape === 'bag') return bagFromScratch(plan);
  const keys = plan.single
    ? [sql`TRUE AS ${ident(ONLY_ROW)}`]
    : plan.keys.map((key) => sql`${key.value} AS ${ident(key.name)}`);
  const parts = plan.parts.map((part) => sql`${partFromScratch(part)} AS ${ident(part.name)}`);
  return sql`SELECT
  ${lines([...keys, ...parts])}
${fromScratch(plan)}${plan.single ? sql`` : sql`\nGROUP BY ${ordinals(plan.keys.length)}`}`;
}

function bagFromScratch(plan: DeltaPlan): Sql {
  const { select, groupBy } = bagGrouping(plan, 'q', digestOf(plan, 'q'));
  return sql`SELECT
  ${lines([...select, sql`pg_catalog.count(*) AS row_count`])}
FROM (
  SELECT
    ${lines(plan.keys.map((key) => sql`${key.value} AS ${ident(key.name)}`))}
  ${fromScratch(plan)}
) AS q
GROUP BY ${join(groupBy, ', ')}`;
}

/** Rows with the same digest are the same; their sortable columns group as well, so that conditions on these reach the rows. */
function bagGrouping(
  plan: DeltaPlan,
  alias: string,
  digest: Sql,
): { readonly select: readonly Sql[]; readonly groupBy: readonly Sql[] } {
  const columns = plan.keys.map((key) => ({ key, value: sql`${ident(alias)}.${ident(key.name)}` }));
  return {
    select: [
      sql`${digest} AS ${ident(ROW_DIGEST)}`,
      ...columns.map(
        ({ key, value }) => sql`${key.facts.sortable ? value : anyOf(value)} AS ${ident(key.name)}`,
      ),
    ],
    groupBy: [digest, ...columns.filter(({ key }) => key.facts.sortable).map(({ value }) => value)],
  };
}

/** One row per changed row and term: its keys and its contribution to each part. */
export function deltaRows(plan: DeltaPlan, pending: Pending): Sql {
  const nettable =
    plan.occurrences.length > 1 &&
    canNet(plan.occurrences.flatMap((occurrence) => occurrence.columns));
  const terms = (
    pending.netted && nettable ? [nettedTerm(plan, pending)] : deltaTerms(plan, pending)
  ).map((term) => {
    const keys = plan.single
      ? [sql`TRUE AS ${ident(ONLY_ROW)}`]
      : plan.keys.map((key) => sql`${key.value} AS ${ident(key.name)}`);
    const parts = plan.parts.map(
      (part) => sql`${partOfRow(part, term.weight)} AS ${ident(part.name)}`,
    );
    return sql`-- ${fragment(term.label.replaceAll(/[\r\n]/g, ' '))}
SELECT
  ${lines([...keys, ...parts])}
${term.from}`;
  });
  const rows = join(terms, '\nUNION ALL\n');
  if (plan.shape !== 'bag') return rows;
  return sql`SELECT
  ${lines([sql`${digestOf(plan, 'q')} AS ${ident(ROW_DIGEST)}`, sql`q.*`])}
FROM (
  ${rows}
) AS q`;
}

/** Adds up rows of state columns, key by key. */
export function summed(plan: DeltaPlan, rows: Sql): Sql {
  const parts = plan.parts.map(
    (part) => sql`${partSum(part, sql`u.${ident(part.name)}`)} AS ${ident(part.name)}`,
  );
  const { select, groupBy } = keyGrouping(plan);
  return sql`SELECT
  ${lines([...select, ...parts])}
FROM (
  ${rows}
) AS u${groupBy.length === 0 ? sql`` : sql`\nGROUP BY ${join(groupBy, ', ')}`}`;
}

/** A relation with the columns of the state, and with those values that it does not have. */
export function withValues(missing: readonly Value[], relation: Sql): Sql {
  if (missing.length === 0) return relation;
  const values = missing.map(
    (value) => sql`${value.finish((part) => sql`m.${ident(part)}`)} AS ${ident(value.name)}`,
  );
  return sql`(
  SELECT
    ${lines([sql`m.*`, ...values])}
  FROM ${relation} AS m
)`;
}

/** By what rows of state columns under the alias `u` are added up. */
function keyGrouping(plan: DeltaPlan): {
  readonly select: readonly Sql[];
  readonly groupBy: readonly Sql[];
} {
  if (plan.single) return { select: [sql`TRUE AS ${ident(ONLY_ROW)}`], groupBy: [] };
  if (plan.shape === 'bag') return bagGrouping(plan, 'u', sql`u.${ident(ROW_DIGEST)}`);
  const keys = plan.keys.map((key) => sql`u.${ident(key.name)}`);
  return { select: keys, groupBy: keys };
}

/** False where a summed row changes nothing. Intervals can be equal to 0 and not be 0 (1 month - 30 days): their bytes tell. */
export const changesSomething = (parts: readonly Part[], alias: Sql): Sql =>
  join(
    parts.map((part) => {
      const value = sql`${alias}.${ident(part.name)}`;
      return part.type === 'interval'
        ? sql`pg_catalog.interval_send(${value}) <> pg_catalog.interval_send(${zeroOf(part)})`
        : sql`${value} <> ${zeroOf(part)}`;
    }),
    ' OR ',
  );

/**
 * The binary form of a row names its columns' types: a domain's values come from the source as such, from a log in the base type.
 * Text would be in the client's encoding there.
 */
function digestOf(plan: DeltaPlan, alias: string): Sql {
  const columns = plan.keys.map(({ name, facts }) => {
    const value = sql`${ident(alias)}.${ident(name)}${facts.type === facts.baseType ? sql`` : sql`::${fragment(facts.baseType)}`}`;
    return facts.image?.form === 'text' ? imageOf(value, facts) : value;
  });
  return sql`pg_catalog.sha256(pg_catalog.record_send(ROW(${join(columns, ', ')})))`;
}

const ordinals = (count: number): Sql =>
  fragment(Array.from({ length: count }, (_, index) => index + 1).join(', '));
