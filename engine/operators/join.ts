/**
 * The join (with its filters): a product of relations under a conjunction, over signed multisets.
 *
 *   from scratch   R1 x ... x Rn
 *   delta          sum over i of  new(R1) x .. x new(Ri-1) x Di x old(Ri+1) x .. x old(Rn)
 *
 * with D the pending log rows of a relation, new(R) the table as read now, and old(R) = R - D: the table and its pending
 * rows with negated weight. Weights multiply. Right because new = old + D in each relation and the product is linear in
 * each of them (Gupta and Mumick, "Maintenance of Materialized Views", 1995; the telescoped form). A self-join is two
 * occurrences with the same D. Everything is read in one snapshot, so D and R never come from different moments.
 */
import { logColumn } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { and, ident, join, lines, qualified, sql } from '../sql/sql.ts';
import type { ColumnFacts } from '../plan/facts.ts';
import type { DeltaPlan, Occurrence } from '../plan/plan.ts';
import { imageGrouping } from './image.ts';

/** How pending rows are told from folded ones. */
export type Pending = {
  /** The frontier: an expression of type pg_snapshot that does not depend on any row. */
  readonly frontier: Sql;
  readonly logOf: (sourceOid: number) => Sql;
  /**
   * Cancel log rows against each other before anything is computed from them. Costs a GROUP BY; without it, an
   * expression that fails for a row (a division by zero) fails as long as the row's coming and going are pending.
   */
  readonly netted: boolean;
};

/** `FROM ... WHERE ...`, and the weight of a row; `gate` names the source whose pending rows the term starts from. */
export type Term = { readonly from: Sql; readonly weight: Sql; readonly label: string };

const tableOf = (occurrence: Occurrence): Sql => qualified(occurrence.source.schema, occurrence.source.name);

export function fromScratch(plan: DeltaPlan): Sql {
  const from = lines(plan.occurrences.map((occurrence) => sql`${tableOf(occurrence)} AS ${ident(occurrence.alias)}`));
  return sql`FROM ${from}${where(plan.conditions)}`;
}

export const isPending = (pending: Pending, log: Sql): Sql => sql`NOT pg_catalog.pg_visible_in_snapshot(${log}.xid, ${pending.frontier})`;

/** Whether any of the sources has pending rows; evaluated once, before anything else is read. */
export function anyPending(pending: Pending, sourceOids: readonly number[]): Sql {
  const tests = [...new Set(sourceOids)].map((oid) => sql`EXISTS (SELECT FROM ${pending.logOf(oid)} AS l WHERE ${isPending(pending, sql`l`)})`);
  return sql`(SELECT ${join(tests, ' OR ')})`;
}

export function deltaTerms(plan: DeltaPlan, pending: Pending): Term[] {
  const weight = freshName('weight', plan.occurrences);
  return plan.occurrences.map((changed, index) => {
    const from = plan.occurrences.map((occurrence, position) => {
      const relation =
        position < index ? tableOf(occurrence) : position === index ? sql`(${deltaOf(occurrence, pending, weight)})` : sql`(${oldOf(occurrence, pending, weight)})`;
      return sql`${relation} AS ${ident(occurrence.alias)}`;
    });
    const weights = plan.occurrences.slice(index).map((occurrence) => sql`${ident(occurrence.alias)}.${ident(weight)}`);
    // A term without pending rows of its own must cost nothing, however the planner would join.
    const gate = plan.occurrences.length > 1 ? [anyPending(pending, [changed.source.oid])] : [];
    return {
      from: sql`FROM ${lines(from)}${where([...gate, ...plan.conditions])}`,
      weight: weights.length === 1 ? sql`${join(weights, '')}` : sql`(${join(weights, ' * ')})`,
      label: `changes of ${changed.source.schema}.${changed.source.name} AS ${changed.label}`,
    };
  });
}

function deltaOf(occurrence: Occurrence, pending: Pending, weight: string): Sql {
  const log = pending.logOf(occurrence.source.oid);
  const logged = (column: ColumnFacts): Sql => sql`l.${ident(logColumn(column.attnum))}`;
  if (!pending.netted) {
    const columns = occurrence.columns.map((column) => sql`${logged(column)} AS ${ident(column.name)}`);
    return sql`
  SELECT ${lines([sql`l.weight::bigint AS ${ident(weight)}`, ...columns])}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
`;
  }
  const images = occurrence.columns.map((column) => imageGrouping(logged(column), column));
  const columns = occurrence.columns.map((column, index) => sql`${images[index]?.select ?? logged(column)} AS ${ident(column.name)}`);
  const groups = images.flatMap((image) => image.groupBy);
  return sql`
  SELECT ${lines([sql`pg_catalog.sum(l.weight)::bigint AS ${ident(weight)}`, ...columns])}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
  GROUP BY ${groups.length === 0 ? sql`()` : join(groups, ', ')}
  HAVING pg_catalog.sum(l.weight) <> 0
`;
}

function oldOf(occurrence: Occurrence, pending: Pending, weight: string): Sql {
  const now = occurrence.columns.map((column) => sql`t.${ident(column.name)}`);
  const gone = occurrence.columns.map((column) => sql`l.${ident(logColumn(column.attnum))}`);
  return sql`
  SELECT ${lines([sql`1::bigint AS ${ident(weight)}`, ...now])}
  FROM ${tableOf(occurrence)} AS t
  UNION ALL
  SELECT ${lines([sql`-l.weight::bigint`, ...gone])}
  FROM ${pending.logOf(occurrence.source.oid)} AS l
  WHERE ${isPending(pending, sql`l`)}
`;
}

function where(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`` : sql`\nWHERE ${and(conditions)}`;
}

/** A column name that none of the occurrences reads. */
function freshName(base: string, occurrences: readonly Occurrence[]): string {
  const taken = new Set(occurrences.flatMap((occurrence) => occurrence.columns.map((column) => column.name)));
  let name = base;
  while (taken.has(name)) name = `_${name}`;
  return name;
}
