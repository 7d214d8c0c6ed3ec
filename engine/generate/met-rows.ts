/**
 * Changed rows without those that meet no row of other tables, and so matter to nothing
 * (regroup/reductions.ts).
 */
import type { Expr } from '../../parser/tree.ts';
import type { Pending } from '../operators/pending.ts';
import type { Rows } from '../operators/rule.ts';
import { conditions as whereOf } from '../operators/rule.ts';
import { plainColumn } from '../regroup/lineage.ts';
import type { Path } from '../regroup/paths.ts';
import type { Reduction } from '../regroup/reductions.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import { aliasOf, itemOn, written } from './path-keys.ts';
import { pendingRows } from './pending-rows.ts';

type Asked = {
  readonly pending: Pending;
  /** Whether rows of a table are pending, as a column of `pending`. */
  readonly flag: (oid: number) => Sql;
  /** Whether too many rows of the changed table are, likewise. */
  readonly many: Sql;
  /** Whether these are looked up as well. */
  readonly meetsMany: boolean;
};

/**
 * A read looks up no more changed rows: they touch many keys in any case, and PostgreSQL would
 * expect a cost for which it compiles the whole view.
 */
const MOST_ROWS = 1000;

/** Whether changed rows that lead to keys by this path are looked up. */
export const isReduced = (path: Path | null | undefined): boolean =>
  path !== null && path !== undefined && path.reductions.length > 0;

/** Whether more rows of a table are pending. */
export function isMuch(plan: RegroupPlan, item: number, pending: Pending): Sql {
  const rows = pendingRows(plan, item, [], pending, 'logged');
  return sql`(
  SELECT pg_catalog.count(*) > ${fragment(String(MOST_ROWS))}
  FROM (
    ${selected(sql`1`, rows)}
    LIMIT ${fragment(String(MOST_ROWS + 1))}
  ) AS n
)`;
}

/** Of the changed rows that an item of FROM has, those that matter, under the same name. */
export function thatMeet(plan: RegroupPlan, path: Path, rows: Rows, asked: Asked): Rows {
  const [first = 0] = path.tables;
  const alias = ident(aliasOf(first));
  const many = sql`(SELECT p.${asked.many} FROM pending AS p)`;
  const meeting = (isHashed: boolean): readonly Sql[] =>
    path.reductions.map((one) => meets(plan, one, asked, isHashed));
  const all = selected(sql`${alias}.*`, {
    ...rows,
    where: [...rows.where, many, ...(asked.meetsMany ? meeting(true) : [])],
  });
  const some = sql`(
  ${selected(sql`${alias}.*`, rows)}
  LIMIT ${fragment(String(MOST_ROWS))}
) AS ${alias}`;
  const few = selected(sql`${alias}.*`, {
    from: [some],
    where: [sql`NOT ${many}`, ...meeting(false)],
  });
  return { from: [sql`(\n${all}\nUNION ALL\n${few}\n) AS ${alias}`], where: [] };
}

const selected = (columns: Sql, { from, where }: Rows): Sql =>
  sql`SELECT ${columns}\nFROM\n  ${lines(from)}${whereOf(where)}`;

/**
 * A row of the first table may be there no more: then it is pending. While rows of another one are
 * pending, what stood behind the first one is not known. `isHashed`: whether PostgreSQL may read
 * the tables as a whole for a hash table.
 */
function meets(
  plan: RegroupPlan,
  { tables, conditions, met }: Reduction,
  { pending, flag }: Asked,
  isHashed: boolean,
): Sql {
  const [first = 0, ...others] = tables;
  const oidOf = (item: number): number => {
    const relation = plan.outline.items.get(item)?.relation;
    if (relation?.kind !== 'table') throw new Error(`item ${item} is no table`);
    return relation.oid;
  };
  const isChanged = (items: readonly number[]): Sql => {
    const flags = [...new Set(items.map(oidOf))].map((oid) => sql`p.${flag(oid)}`);
    return sql`(SELECT ${join(flags, ' OR ')} FROM pending AS p)`;
  };
  const from = join(
    tables.map((item) => itemOn(plan, item, conditions)),
    ', ',
  );
  // OFFSET keeps PostgreSQL from reading the tables as a whole for a hash table.
  const where = join(conditions.map(written), ' AND ');
  const fence = isHashed ? sql`` : sql` OFFSET 0`;
  const isThere = sql`EXISTS (SELECT FROM ${from} WHERE ${where}${fence})`;
  const wasThere = sql`${isChanged([first])}
  AND ${isPending(plan, first, met, pending)}`;
  const isUnknown = others.length === 0 ? [] : [isChanged(others)];
  return sql`(${join([...isUnknown, isThere, wasThere], '\n  OR ')})`;
}

/** As IN, for which PostgreSQL makes a hash table of the pending rows. */
function isPending(plan: RegroupPlan, item: number, met: Reduction['met'], pending: Pending): Sql {
  const sideOf = (expr: Expr, isOwn: boolean): readonly Expr[] =>
    expr.kind === 'binary'
      ? [expr.left, expr.right].filter((side) => (plainColumn(side)?.relation === item) === isOwn)
      : [];
  const [own, other] = [true, false].map((isOwn) =>
    join(met.equalities.flatMap((expr) => sideOf(expr, isOwn)).map(written), ', '),
  );
  const rows = pendingRows(plan, item, [...met.equalities, ...met.filters], pending, 'logged');
  const where = whereOf([...rows.where, ...met.filters.map(written)]);
  return sql`(${other ?? sql``}) IN (
  SELECT ${own ?? sql``}
  FROM
    ${lines(rows.from)}${where}
)`;
}
