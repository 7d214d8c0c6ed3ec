/**
 * Up to how many touched keys the rows of these alone are computed again. With more, it is cheaper
 * to compute the answer anew.
 *
 *   a sixteenth of the keys     whatever is pending
 *   a quarter, at most 10,000   while fewer rows of each table are pending than 10,000, or a
 *                               sixteenth of its rows (is_outgrown.sql)
 *   at most 2,000               where no index finds their rows
 *   a quarter, at most 100,000  for a fold, where almost each key is that of one stored row and an
 *                               index finds it: to store all rows again costs as much
 *
 * A read of groups over rows takes no more than a sixteenth: what it computes of a key costs it
 * fourteen times what the definition does.
 */
import type { Holder } from '../regroup/classes.ts';
import { lookedUp } from '../regroup/confine.ts';
import type { Confinable, RegroupPlan } from '../regroup/regroup-plan.ts';
import type { RowsPlan } from '../plan/plan.ts';
import type { StoreNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { and, fragment, join, literal, regclass, sql } from '../sql/sql.ts';
import { isIndexed } from './is-indexed.ts';
import type { Subject } from './subject.ts';

/**
 * How many keys are few, for statements that must agree: ANALYZE may change what that is computed
 * from between two of them, whatever the snapshot is. Empty to compute it; so does what is no
 * number, because every user can set it.
 */
export const FEW_SETTING = 'imat.few';

/** Fewer keys are never too many; UNKNOWN_FEW where nothing tells how many keys there are. */
const ALWAYS_FEW = 10;
export const UNKNOWN_FEW = 1000;
/** Figures for these are in docs/decisions/0050-regroup.md. */
export const SHARE = 16;
const SHARE_OF_FEW_ROWS = 4;
/** Rows are looked up in the order of keys, which costs more where they are not in memory. */
const MOST_KEYS = 10_000;
/** Each row of a touched key is compared with key after key. */
const MOST_WITHOUT_INDEX = 2000;

const GIVEN = sql`pg_catalog.substring(
      pg_catalog.current_setting('${fragment(FEW_SETTING)}', true), '^[0-9]{1,18}$'
    )::bigint`;

/** What pending rows are compared with, as columns over `mostKeys AS k`. */
export const FEW_COLUMNS: readonly Sql[] = [
  sql`COALESCE(${GIVEN}, k.surely) AS surely`,
  sql`COALESCE(${GIVEN}, GREATEST(k.surely, k.sometimes)) AS few`,
];

/** Whether `count` keys are few, by these columns of `pending AS p`. */
export const isFewOf = ({ id }: Subject, count: Sql): Sql => sql`CASE
    WHEN ${count} <= (SELECT p.surely FROM pending AS p) THEN TRUE
    WHEN ${count} > (SELECT p.few FROM pending AS p) THEN FALSE
    ELSE NOT imat_catalog.is_outgrown(${id}, (SELECT p.snapshot FROM pending AS p), ${SHARE})
  END`;

/** The same for a read of groups over the rows. */
export const isCheapOf = (count: Sql): Sql => sql`${count} <= (SELECT p.surely FROM pending AS p)`;

/** How many keys are few by the planner's statistics, as `fewKeys` has it. */
export function mostKeys(subject: Subject, plan: RowsPlan): Sql {
  const values = distinctValues(subject, plan);
  return fewKeys(plan, {
    keys: values.length === 0 ? NULL : sql`LEAST(${join(values, ', ')})`,
    rows: sql`(
            SELECT c.reltuples::bigint
            FROM pg_catalog.pg_class AS c
            WHERE c.oid = ${regclass(subject.names.state.sql)}
          )`,
  });
}

const NULL = sql`NULL::bigint`;

/**
 * A query of how many keys are few: `surely` whatever is pending, and `sometimes` while few rows
 * are. The latter is NULL where it is not known how many keys there are, or no index finds the rows
 * of one. OFFSET 0 keeps PostgreSQL from computing twice what is named twice.
 *
 * @param expected How many keys, or NULL, and how many stored rows there are.
 */
export function fewKeys(plan: RowsPlan, expected: { readonly keys: Sql; readonly rows: Sql }): Sql {
  const looked = lookedUpColumns(plan).map(isIndexed);
  const most =
    looked.length === 0 ? NULL : sql`CASE WHEN NOT (${and(looked)}) THEN ${MOST_WITHOUT_INDEX} END`;
  return sql`SELECT
      LEAST(
        GREATEST(
          ${ALWAYS_FEW},
          COALESCE(e.keys / ${SHARE}, GREATEST(${UNKNOWN_FEW}, ${expected.rows} / ${SHARE}))
        ),
        e.most
      ) AS surely,
      CASE WHEN e.most IS NULL THEN LEAST(e.keys / ${SHARE_OF_FEW_ROWS}, ${MOST_KEYS}) END
        AS sometimes
    FROM (
      SELECT
        ${expected.keys} AS keys,
        ${most} AS most
      OFFSET 0
    ) AS e
    OFFSET 0`;
}

/** How many rows there are to a key, on average, where a key is mostly that of one stored row. */
const ONE_ROW = { least: 0.5, most: 1.5 } as const;
const MOST_FOLDED = 100_000;

/** What stores the rows: those of an imat, or those below its groups. */
export type Rows = Pick<Subject, 'id'> & { readonly names: StoreNames };

/**
 * `FEW_SETTING` for a fold of rows that their keys tell apart, and empty where they do not; null
 * where it is as for a read.
 */
export function fewToFold(subject: Rows, plan: RowsPlan): Sql | null {
  const values = distinctValues(subject, plan);
  const found = lookedUpColumns(plan);
  const isOfGroups = plan.groups !== null || plan.recursion !== null;
  if (isOfGroups || values.length === 0 || found.length === 0) return null;
  return sql`COALESCE((
    SELECT LEAST(e.keys / ${SHARE_OF_FEW_ROWS}, ${MOST_FOLDED})::text
    FROM (
      SELECT LEAST(${join(values, ', ')}) AS keys OFFSET 0
    ) AS e
    WHERE (
      SELECT c.reltuples FROM pg_catalog.pg_class AS c
      WHERE c.oid = ${regclass(subject.names.state.sql)}
    ) BETWEEN ${ratio(ONE_ROW.least)} * e.keys AND ${ratio(ONE_ROW.most)} * e.keys
      AND ${and(found.map(isIndexed))}
  ), '')`;
}

const ratio = (value: number): Sql => fragment(value.toFixed(1));

const distinctValues = (subject: Rows, plan: RowsPlan): readonly Sql[] =>
  keyColumns(plan).map(
    ({ oid, attnum }) =>
      sql`imat_catalog.distinct_values(${subject.id}, ${regclassOf(oid)}, ${attnum})`,
  );

const regclassOf = (oid: number): Sql => sql`${literal(String(oid))}::pg_catalog.regclass`;

/**
 * The columns of tables that hold the key, for how many different ones there are. The stored rows
 * do not say that: those of most keys may have been filtered out.
 */
export const keyColumns = (plan: RegroupPlan): readonly TableColumn[] =>
  plan.holders.flatMap((holder) => columnOf(plan, holder) ?? []).filter(({ attnum }) => attnum > 0);

/** Those by which the rows of touched keys are looked up in tables. */
const lookedUpColumns = ({ groups, ...plan }: RowsPlan): readonly TableColumn[] => {
  const { recursion } = plan;
  const own = recursion === null ? plan : { ...plan, query: recursion.flat };
  const reading = groups?.reading ?? own;
  return lookedUp(reading).flatMap((holder) => columnOf(reading, holder) ?? []);
};

/** `attnum`: 0 for an expression. */
type TableColumn = { readonly oid: number; readonly attnum: number };

function columnOf({ outline, sources }: Confinable, { item, expr }: Holder): TableColumn | null {
  const relation = outline.items.get(item)?.relation;
  if (relation?.kind !== 'table') return null;
  if (expr.kind !== 'column') return { oid: relation.oid, attnum: 0 };
  const column = sources.get(relation.oid)?.columns.find(({ name }) => name === expr.name);
  return column === undefined ? null : { oid: relation.oid, attnum: column.attnum };
}
