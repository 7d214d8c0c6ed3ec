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
import type { DeltaPlan } from '../plan/plan.ts';
import type { Part } from '../plan/parts.ts';
import { partFromScratch, partOfRow, partSum, zeroOf } from '../plan/parts.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Pending } from './join.ts';
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

export const stateColumns = (plan: DeltaPlan): readonly string[] => [...stateKeys(plan), ...plan.parts.map((part) => part.name)];

/** The state's content computed from the sources: one row per key. */
export function stateFromScratch(plan: DeltaPlan): Sql {
  if (plan.shape === 'bag') return bagFromScratch(plan);
  const keys = plan.single ? [sql`TRUE AS ${ident(ONLY_ROW)}`] : plan.keys.map((key) => sql`${key.value} AS ${ident(key.name)}`);
  const parts = plan.parts.map((part) => sql`${partFromScratch(part)} AS ${ident(part.name)}`);
  return sql`SELECT
  ${lines([...keys, ...parts])}
${fromScratch(plan)}${plan.single ? sql`` : sql`\nGROUP BY ${ordinals(plan.keys.length)}`}`;
}

function bagFromScratch(plan: DeltaPlan): Sql {
  const keys = plan.keys.map((key) => ident(key.name));
  return sql`SELECT
  ${lines([sql`${digestOf(plan, 'q')} AS ${ident(ROW_DIGEST)}`, ...keys.map((key) => sql`q.${key}`), sql`pg_catalog.count(*) AS row_count`])}
FROM (
  SELECT
    ${lines(plan.keys.map((key) => sql`${key.value} AS ${ident(key.name)}`))}
  ${fromScratch(plan)}
) AS q
GROUP BY ${ordinals(keys.length + 1)}`;
}

/** One row per changed row and term: its keys and its contribution to each part. */
export function deltaRows(plan: DeltaPlan, pending: Pending): Sql {
  const terms = (pending.netted && plan.occurrences.length > 1 ? [nettedTerm(plan, pending)] : deltaTerms(plan, pending)).map((term) => {
    const keys = plan.single ? [sql`TRUE AS ${ident(ONLY_ROW)}`] : plan.keys.map((key) => sql`${key.value} AS ${ident(key.name)}`);
    const parts = plan.parts.map((part) => sql`${partOfRow(part, term.weight)} AS ${ident(part.name)}`);
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
  const keys = stateKeys(plan);
  const parts = plan.parts.map((part) => sql`${partSum(part, sql`u.${ident(part.name)}`)} AS ${ident(part.name)}`);
  const selected = plan.single ? [sql`TRUE AS ${ident(ONLY_ROW)}`] : keys.map((key) => sql`u.${ident(key)}`);
  return sql`SELECT
  ${lines([...selected, ...parts])}
FROM (
  ${rows}
) AS u${plan.single ? sql`` : sql`\nGROUP BY ${ordinals(keys.length)}`}`;
}

/** False where a summed row changes nothing. Intervals can be equal to 0 and not be 0 (1 month - 30 days): their bytes tell. */
export const changesSomething = (parts: readonly Part[], alias: Sql): Sql =>
  join(
    parts.map((part) => {
      const value = sql`${alias}.${ident(part.name)}`;
      return part.type === 'interval' ? sql`pg_catalog.interval_send(${value}) <> pg_catalog.interval_send(${zeroOf(part)})` : sql`${value} <> ${zeroOf(part)}`;
    }),
    ' OR ',
  );

function digestOf(plan: DeltaPlan, alias: string): Sql {
  const columns = plan.keys.map((key) => sql`${ident(alias)}.${ident(key.name)}`);
  return sql`pg_catalog.sha256(pg_catalog.record_send(ROW(${join(columns, ', ')})))`;
}

const ordinals = (count: number): Sql => fragment(Array.from({ length: count }, (_, index) => index + 1).join(', '));
