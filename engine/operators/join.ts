/**
 * The join (with its filters): a product of relations under a conjunction, over signed multisets.
 *
 * With D the pending log rows of a relation, new(R) the table as read now and old(R) = R - D, the delta of R1 x ... x Rn is
 *
 *   telescoped   sum over i of        old(R1) x .. x old(Ri-1) x Di x new(Ri+1) x .. x new(Rn)
 *   expanded     sum over S, not {},  (-1)^(|S|+1) x product over S of Di x product over the rest of new(Rj)
 *
 * and weights multiply. Both are right because new = old + D in each relation and the product is linear in each of them
 * (Gupta and Mumick, "Maintenance of Materialized Views", 1995); a test proves them equal. A self-join is two occurrences
 * with the same D. Everything is read in one snapshot, so D and R never come from different moments.
 *
 * The expanded form reads tables by their indexes and joins pending rows with each other only where two sources have
 * some; in the telescoped form each lookup in old(R) also scans the pending rows of R. But its terms double with each
 * relation, and so does the time to plan them: it is used up to three relations. In the telescoped form the first relation
 * of FROM, mostly the one with the most changes, is the one whose changes meet no old(R).
 */
import { logColumn } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, qualified, sql } from '../sql/sql.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { DeltaPlan, Occurrence } from '../plan/plan.ts';
import { canNet, imageGrouping } from './image.ts';

/** How pending rows are told from folded ones. */
export type Pending = {
  /** The frontier: an expression of type pg_snapshot that does not depend on any row. */
  readonly frontier: Sql;
  readonly logOf: (sourceOid: number) => Sql;
  /** Whether a source has pending rows: a condition that does not depend on any row; null to find out in place. */
  readonly changed: ((sourceOid: number) => Sql) | null;
  /**
   * Cancel rows against each other before anything is computed from them. Costs a GROUP BY; without it, an expression
   * that fails for a row (a division by zero) fails as long as the row's coming and going are pending.
   */
  readonly netted: boolean;
};

/** One summand of the delta: `FROM ... WHERE ...`, and the weight of a row. */
export type Term = { readonly from: Sql; readonly weight: Sql; readonly label: string };

const tableOf = (occurrence: Occurrence): Sql =>
  qualified(occurrence.source.schema, occurrence.source.name);

export function fromScratch(plan: DeltaPlan): Sql {
  const from = lines(
    plan.occurrences.map((occurrence) => sql`${tableOf(occurrence)} AS ${ident(occurrence.alias)}`),
  );
  return sql`FROM
  ${from}${where(plan.conditions)}`;
}

/** The first half says nothing that the second does not, but an index on a log's xid can answer it; workers build one where it helps. */
export const isPending = (pending: Pending, log: Sql): Sql =>
  sql`${log}.xid >= pg_catalog.pg_snapshot_xmin(${pending.frontier}) AND NOT pg_catalog.pg_visible_in_snapshot(${log}.xid, ${pending.frontier})`;

/**
 * Always true as an upper bound. Of a range the planner expects few rows, so it looks them up in an index on xid where there
 * is one; of the lower bound alone it expects a third of the log, and so to find one sooner by reading on from the start.
 */
const LAST_XID = sql`'18446744073709551615'::pg_catalog.xid8`;

/** Whether any of the sources has pending rows; does not depend on any row. */
export function anyPending(pending: Pending, sourceOids: readonly number[]): Sql {
  const tests = [...new Set(sourceOids)].map(
    (oid) =>
      sql`EXISTS (SELECT FROM ${pending.logOf(oid)} AS l WHERE l.xid <= ${LAST_XID} AND ${isPending(pending, sql`l`)})`,
  );
  return tests.length === 0 ? sql`FALSE` : join(tests, ' OR ');
}

/** What stands in an occurrence's place in a term. */
type Role = 'new' | 'delta' | 'old';
type Roles = { readonly roles: readonly Role[]; readonly sign: 1 | -1 };

const MAX_EXPANDED = 3;

export function deltaTerms(
  plan: DeltaPlan,
  pending: Pending,
  form: 'expanded' | 'telescoped' = preferredForm(plan),
): Term[] {
  const weight = freshName('weight', plan.occurrences);
  const count = plan.occurrences.length;
  return (form === 'expanded' ? expanded(count) : telescoped(count)).map((term) =>
    termOf(plan, pending, term, weight),
  );
}

/**
 * All terms as one, the rows of the product cancelled against each other: an expression then meets only rows that the
 * definition meets now, or met when they were folded. Conditions still see the rows of each term. `OFFSET 0` keeps the
 * planner from computing anything below the cancelling.
 */
export function nettedTerm(plan: DeltaPlan, pending: Pending): Term {
  const columns = plan.occurrences.flatMap((occurrence) =>
    occurrence.columns.map((column) => ({
      column,
      alias: occurrence.alias,
      name: ident(`${occurrence.alias}_${logColumn(column.attnum)}`),
    })),
  );
  const terms = deltaTerms(plan, pending).map(
    (term) => sql`-- ${commented(term.label)}
SELECT ${join([sql`${term.weight} AS weight`, ...columns.map(({ column, alias, name }) => sql`${ident(alias)}.${ident(column.name)} AS ${name}`)], ', ')}
${term.from}`,
  );
  const images = columns.map(({ column, name }) => imageGrouping(sql`u.${name}`, column));
  const groups = images.flatMap((image) => image.groupBy);
  const selected = columns.map(
    ({ name }, index) => sql`${images[index]?.select ?? name} AS ${name}`,
  );
  const relations = plan.occurrences.map((occurrence) => {
    const own = columns
      .filter((one) => one.alias === occurrence.alias)
      .map(({ column, name }) => sql`p.${name} AS ${ident(column.name)}`);
    return sql`LATERAL (SELECT ${join(own, ', ')}) AS ${ident(occurrence.alias)}`;
  });
  const product = sql`(
  SELECT ${join([sql`pg_catalog.sum(u.weight)::bigint AS weight`, ...selected], ', ')}
  FROM (
    ${join(terms, '\nUNION ALL\n')}
  ) AS u
  GROUP BY ${groups.length === 0 ? sql`()` : join(groups, ', ')}
  HAVING pg_catalog.sum(u.weight) <> 0
  OFFSET 0
) AS p`;
  return {
    from: sql`FROM\n  ${lines([product, ...relations])}`,
    weight: sql`p.weight`,
    label: 'all changes, cancelled against each other',
  };
}

/** Text for a one-line comment. */
const commented = (text: string): Sql => fragment(text.replaceAll(/[\r\n]/g, ' '));

const preferredForm = (plan: DeltaPlan): 'expanded' | 'telescoped' =>
  plan.occurrences.length <= MAX_EXPANDED ? 'expanded' : 'telescoped';

function telescoped(count: number): Roles[] {
  return Array.from({ length: count }, (_, changed) => ({
    roles: Array.from({ length: count }, (__, position) =>
      position < changed ? 'old' : position === changed ? 'delta' : 'new',
    ),
    sign: 1,
  }));
}

/** The subsets of one relation first, then of two, and so on. */
function expanded(count: number): Roles[] {
  const subsets = Array.from({ length: 2 ** count - 1 }, (_, index) => index + 1);
  const size = (subset: number): number =>
    Array.from({ length: count }, (_, bit) => (subset >> bit) & 1).reduce((a, b) => a + b, 0);
  return subsets
    .sort((a, b) => size(a) - size(b) || a - b)
    .map((subset) => ({
      roles: Array.from({ length: count }, (_, bit) =>
        ((subset >> bit) & 1) === 1 ? 'delta' : 'new',
      ),
      sign: size(subset) % 2 === 1 ? 1 : -1,
    }));
}

function termOf(plan: DeltaPlan, pending: Pending, { roles, sign }: Roles, weight: string): Term {
  const relation = (occurrence: Occurrence, role: Role): Sql => {
    if (role === 'new') return tableOf(occurrence);
    return sql`(${role === 'delta' ? deltaOf(plan, occurrence, pending, weight) : oldOf(plan, occurrence, pending, weight)})`;
  };
  const from = plan.occurrences.map(
    (occurrence, position) =>
      sql`${relation(occurrence, roles[position] ?? 'new')} AS ${ident(occurrence.alias)}`,
  );
  const weights = plan.occurrences
    .filter((_, position) => roles[position] !== 'new')
    .map((occurrence) => sql`${ident(occurrence.alias)}.${ident(weight)}`);
  const changed = plan.occurrences.filter((_, position) => roles[position] === 'delta');
  // A term without pending rows of its own must cost nothing, however the planner would join.
  const gates =
    plan.occurrences.length > 1
      ? [...new Set(changed.map((one) => one.source.oid))].map(
          (oid) => pending.changed?.(oid) ?? sql`(SELECT ${anyPending(pending, [oid])})`,
        )
      : [];
  return {
    from: sql`FROM
  ${lines(from)}${where([...gates, ...plan.conditions])}`,
    weight:
      weights.length === 1 && sign === 1
        ? join(weights, '')
        : sql`(${fragment(sign === 1 ? '' : '-')}${join(weights, ' * ')})`,
    label: `${sign === 1 ? 'plus' : 'minus'} changes of ${changed.map((one) => `${one.source.schema}.${one.source.name} AS ${one.label}`).join(' with changes of ')}`,
  };
}

/**
 * The pending rows of an occurrence. In a join they are cancelled against each other first: a row of a small table that has
 * changed a hundred times would otherwise meet all its partners two hundred times. Conditions reach the log through that
 * (they are on what is grouped by), unless an expression could fail on rows that have come and gone: `OFFSET 0` keeps the
 * planner from computing anything below the cancelling.
 */
function deltaOf(plan: DeltaPlan, occurrence: Occurrence, pending: Pending, weight: string): Sql {
  const log = pending.logOf(occurrence.source.oid);
  const logged = (column: ColumnFacts): Sql => sql`l.${ident(logColumn(column.attnum))}`;
  if (!(pending.netted || plan.occurrences.length > 1) || !canNet(occurrence.columns)) {
    const columns = occurrence.columns.map(
      (column) => sql`${logged(column)} AS ${ident(column.name)}`,
    );
    return sql`
  SELECT ${join([sql`l.weight::bigint AS ${ident(weight)}`, ...columns], ', ')}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
`;
  }
  const images = occurrence.columns.map((column) => imageGrouping(logged(column), column));
  const columns = occurrence.columns.map(
    (column, index) => sql`${images[index]?.select ?? logged(column)} AS ${ident(column.name)}`,
  );
  const groups = images.flatMap((image) => image.groupBy);
  return sql`
  SELECT ${join([sql`pg_catalog.sum(l.weight)::bigint AS ${ident(weight)}`, ...columns], ', ')}
  FROM ${log} AS l
  WHERE ${isPending(pending, sql`l`)}
  GROUP BY ${groups.length === 0 ? sql`()` : join(groups, ', ')}
  HAVING pg_catalog.sum(l.weight) <> 0${pending.netted ? sql`\n  OFFSET 0` : sql``}
`;
}

function oldOf(plan: DeltaPlan, occurrence: Occurrence, pending: Pending, weight: string): Sql {
  const now = occurrence.columns.map((column) => sql`, t.${ident(column.name)}`);
  const gone = occurrence.columns.map((column) => sql`, d.${ident(column.name)}`);
  return sql`
  SELECT 1::bigint AS ${ident(weight)}${join(now, '')}
  FROM ${tableOf(occurrence)} AS t
  UNION ALL
  SELECT -d.${ident(weight)}${join(gone, '')}
  FROM (${deltaOf(plan, occurrence, pending, weight)}) AS d
`;
}

function where(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`` : sql`\nWHERE ${join(conditions, '\n  AND ')}`;
}

/** A column name that none of the occurrences reads. */
function freshName(base: string, occurrences: readonly Occurrence[]): string {
  const taken = new Set(
    occurrences.flatMap((occurrence) => occurrence.columns.map((column) => column.name)),
  );
  let name = base;
  while (taken.has(name)) name = `_${name}`;
  return name;
}
