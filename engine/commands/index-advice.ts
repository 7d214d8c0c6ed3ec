/**
 * Which indexes are missing on the tables that are read when touched keys are computed again or
 * extremes derived again, where rows are looked for that the passing of time has changed, and where
 * the changes of one table are joined with another one.
 */
import { quoteIdent, quoteQualified } from '../../parser/quote.ts';
import type { Parts } from '../algebra/facts.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import type { Db } from '../db/db.ts';
import { joinIndexes, neededIndexes } from '../plan/group-columns.ts';
import type { Plan, StorePlan } from '../plan/plan.ts';
import { allStores, readByKey } from '../plan/plan.ts';
import { neededColumns } from '../regroup/needed-indexes.ts';
import type { IndexColumns } from '../server/indexes.ts';
import { beginsWith, indexExpression, loadIndexes } from '../server/indexes.ts';
import { inheritingTables, leavesOf } from '../server/parts.ts';
import { expectedRows } from '../server/planner.ts';

/** The columns by which a table is read, and whether an index begins with them. */
export type IndexUse = {
  readonly relation: string;
  readonly parts: Parts | null;
  /** As the plan names them: columns, or one expression. */
  readonly columns: readonly string[];
  readonly isExpression: boolean;
  /** For people. */
  readonly shown: string;
  /** What CREATE INDEX takes. */
  readonly list: string;
  readonly present: boolean;
  readonly isJoin: boolean;
};

type Needed = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly parts: Parts | null;
  readonly columns: readonly string[];
  readonly isExpression: boolean;
  /** Whether an index that begins with any of the columns is enough, on a table with many rows. */
  readonly isJoin: boolean;
};

/** A scan of fewer rows takes about a millisecond, so that an index is not worth its costs. */
const WORTH_AN_INDEX = 10_000;

/** Inside a transaction. */
export async function indexUses(db: Db, plan: Plan): Promise<readonly IndexUse[]> {
  const needed = new Map(
    allStores(plan)
      .flatMap(neededBy)
      .map((one) => [JSON.stringify([one.oid, one.columns, one.isJoin]), one]),
  );
  if (needed.size === 0) return [];
  // Expressions are compared as they are printed.
  db.defer('SET LOCAL search_path = pg_catalog');
  const everywhere = await onEachTable(db, [...needed.values()]);
  const roots = everywhere.flatMap(({ oid, parts }) => (parts === 'partitions' ? [oid] : []));
  const leaves = await leavesOf(db, roots);
  const tables = [...everywhere.map(({ oid }) => oid), ...[...leaves.values()].flat()];
  const indexes = await loadIndexes(db, [...new Set(tables)]);
  const uses: IndexUse[] = [];
  for (const one of await worthwhile(db, everywhere))
    uses.push(...(await useOf(db, one, indexes, leaves)));
  return uses.filter((one) => one.present || !isServed(one, uses));
}

/** Without indexes for joins on tables with few rows, or with an unknown number of them. */
async function worthwhile(db: Db, needed: readonly Needed[]): Promise<readonly Needed[]> {
  const joined = needed.flatMap(({ oid, isJoin }) => (isJoin ? [oid] : []));
  const rows = await expectedRows(db, joined);
  return needed.filter(({ oid, isJoin }) => !isJoin || (rows.get(oid) ?? 0) >= WORTH_AN_INDEX);
}

/** Whether another index that is missing finds the rows of a join as well. */
const isServed = (one: IndexUse, uses: readonly IndexUse[]): boolean =>
  one.isJoin &&
  uses.some(
    (other) =>
      other !== one &&
      !other.present &&
      !other.isExpression &&
      other.relation === one.relation &&
      serves(other, one),
  );

/** Of two joins the index for more columns serves both. */
const serves = ({ columns, isJoin }: IndexUse, one: IndexUse): boolean =>
  isJoin
    ? columns.length > one.columns.length && one.columns.every((c, i) => c === columns[i])
    : one.columns.some((column) => column === columns[0]);

/** Tables that inherit from another have indexes of their own; partitions get those of the root. */
async function onEachTable(db: Db, needed: readonly Needed[]): Promise<readonly Needed[]> {
  const roots = needed.filter(({ parts }) => parts === 'inheritors').map(({ oid }) => oid);
  if (roots.length === 0) return needed;
  const below = await inheritingTables(db, [...new Set(roots)]);
  return needed.flatMap((one) => [
    one,
    ...below
      .filter(({ root }) => root === one.oid)
      .map(({ oid, schema, name }) => ({ ...one, oid, schema, name })),
  ]);
}

/** None for an expression that no index can have. */
async function useOf(
  db: Db,
  { oid, schema, name, parts, columns, isExpression, isJoin }: Needed,
  indexes: ReadonlyMap<number, readonly IndexColumns[]>,
  leaves: ReadonlyMap<number, readonly number[]>,
): Promise<readonly IndexUse[]> {
  const relation = quoteQualified(schema, name);
  const finds = (index: IndexColumns, wanted: readonly string[]): boolean =>
    isJoin ? wanted.some((column) => beginsWith(index, [column])) : beginsWith(index, wanted);
  const isOn = (table: number, wanted: readonly string[]): boolean =>
    indexes.get(table)?.some((index) => finds(index, wanted)) === true;
  const parted = leaves.get(oid) ?? [];
  const isThere = (wanted: readonly string[]): boolean =>
    isOn(oid, wanted) || (parted.length > 0 && parted.every((leaf) => isOn(leaf, wanted)));
  const own = { relation, parts, columns, isExpression, isJoin };
  if (!isExpression) {
    const list = columns.map(quoteIdent).join(', ');
    return [{ ...own, shown: columns.join(', '), list, present: isThere(columns) }];
  }
  const found = await indexExpression(db, relation, columns.join(', '));
  if (found === null) return [];
  const { text, column } = found;
  return [{ ...own, shown: text, list: text, present: isThere([column]) }];
}

function neededBy(store: StorePlan): readonly Needed[] {
  if (store.rule === 'add') {
    const own = neededIndexes(store).map((index) => ({ ...index, isJoin: false }));
    const joins = joinIndexes(store).map((index) => ({ ...index, isJoin: true }));
    return [...own, ...joins].map(({ source, ...index }) => ({ ...source, ...index }));
  }
  return neededColumns(store, readByKey(store)).flatMap(({ item, column, isExpression }) => {
    const relation = store.outline.items.get(item)?.relation;
    const source = relation?.kind === 'table' ? store.sources.get(relation.oid) : undefined;
    return source === undefined
      ? []
      : [{ ...source, columns: [column], isExpression, isJoin: false }];
  });
}

/**
 * The statements that create what is missing. Writers do not wait for them, except on a partitioned
 * table, where PostgreSQL has no CONCURRENTLY. Without statistics of an expression the planner
 * expects too many rows, and reads the table all the same.
 */
export function missingIndexes(uses: readonly IndexUse[]): readonly string[] {
  const missing = uses.filter(({ present }) => !present);
  const created = missing.map(
    ({ relation, parts, list }) =>
      `CREATE INDEX ${parts === 'partitions' ? '' : 'CONCURRENTLY '}ON ${relation} (${list});`,
  );
  const computed = missing.flatMap(({ relation, isExpression }) => (isExpression ? relation : []));
  return [...created, ...[...new Set(computed)].map((relation) => `ANALYZE ${relation};`)];
}

const noteOn = (statement: string): string =>
  statement.startsWith('ANALYZE ')
    ? `an index on an expression is used once it has statistics: ${statement}`
    : `an index would save reading the table: ${statement}`;

/** With a note for each statement. */
export async function withIndexAdvice(db: Db, prepared: Prepared): Promise<Prepared> {
  const plan = planOf(prepared);
  if (plan === null) return prepared;
  const missing = missingIndexes(await indexUses(db, plan));
  return { ...prepared, notes: [...prepared.notes, ...missing.map(noteOn)] };
}
