/**
 * Whether changed rows meet rows of other tables without which they matter to nothing
 * (regroup/reductions.ts), as conditions on the changed rows.
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
import { fragment, join, lines, sql } from '../sql/sql.ts';
import { itemOn, written } from './path-keys.ts';
import { pendingRows } from './pending-rows.ts';

type Asked = {
  readonly pending: Pending;
  /** Whether rows of a table are pending, as a column of `pending`. */
  readonly flag: (oid: number) => Sql;
};

/** How many changed rows for each of the keys that are few are looked up, and no more. */
const ROWS_A_KEY = 4;

/** Many changed rows are not looked up: they touch many keys in any case. */
export function meets(plan: RegroupPlan, path: Path, rows: Rows, asked: Asked): readonly Sql[] {
  if (path.reductions.length === 0) return [];
  const most = sql`${fragment(String(ROWS_A_KEY))} * (SELECT p.few FROM pending AS p)`;
  const isMuch = sql`(
  SELECT pg_catalog.count(*) > ${most}
  FROM (
    SELECT FROM
      ${lines(rows.from)}${whereOf(rows.where)}
    LIMIT ${most} + 1
  ) AS n
)`;
  const all = path.reductions.map((one) => meetsOne(plan, one, asked));
  return [sql`(${isMuch}\n  OR ${join(all, ' AND ')})`];
}

/**
 * A row of the first table may be there no more: then it is pending. While rows of another one are
 * pending, what stood behind the first one is not known.
 */
function meetsOne(
  plan: RegroupPlan,
  { tables, conditions, met }: Reduction,
  { pending, flag }: Asked,
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
  const isThere = sql`EXISTS (SELECT FROM ${from} WHERE ${where} OFFSET 0)`;
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
