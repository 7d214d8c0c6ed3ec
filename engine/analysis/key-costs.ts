/**
 * Which of several keys costs least: by how many rows one changed row has computed again, as far as
 * PostgreSQL's statistics tell.
 */
import type { Expr, TableItem } from '../../parser/tree.ts';
import type { Db } from '../db/db.ts';
import type { KeyPlan } from '../regroup/choose-key.ts';
import { plainColumn } from '../regroup/lineage.ts';
import type { Path } from '../regroup/paths.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { expectedRows, rowsExpected } from '../server/planner.ts';

type Sources = RegroupPlan['sources'];
type Column = { readonly oid: number; readonly name: string };

/** What answers a question by statistics, or as it was answered before. */
export type Decide = (byStatistics: () => Promise<boolean>) => Promise<boolean>;

/** A fourth of the rows is worth a longer path to the key. */
const FEWER = 4;

/** The keys, with the first in place of which another has far fewer rows computed again. */
export async function cheapestFirst(
  db: Db,
  keys: readonly KeyPlan[],
  sources: Sources,
  decide: Decide,
): Promise<readonly KeyPlan[]> {
  let costs: Promise<ReadonlyMap<KeyPlan, number>> | null = null;
  const known = async (key: KeyPlan): Promise<number | null> => {
    costs ??= rowsAgain(db, keys, sources);
    return (await costs).get(key) ?? null;
  };
  const [first, ...others] = keys;
  if (first === undefined) return [];
  let best = first;
  for (const key of others.toSorted((a, b) => Number(b.isPrimary) - Number(a.isPrimary))) {
    const former = best;
    const isBetter = await decide(async () => {
      const [own, other] = [await known(former), await known(key)];
      return own !== null && other !== null && FEWER * other <= own;
    });
    if (isBetter) best = key;
  }
  return [best, ...keys.filter((one) => one !== best)];
}

/** What statistics tell, both null where they do not. */
type Statistics = {
  readonly rows: (oid: number) => number | null;
  readonly different: (column: Column) => number | null;
};

/**
 * The rows of the largest table that are computed again for a changed row, on average over changes
 * that are as frequent as a table's rows. Keys of which statistics tell nothing, as of expressions,
 * are left out.
 */
async function rowsAgain(
  db: Db,
  keys: readonly KeyPlan[],
  sources: Sources,
): Promise<ReadonlyMap<KeyPlan, number>> {
  const columns = keys.flatMap((key) => [
    ...key.holders.flatMap(({ item, expr }) => columnsAt(key, item, expr, sources)),
    ...[...key.paths.values()].flatMap((path) =>
      path === null ? [] : path.tables.flatMap((item) => joined(key, path, item, sources)),
    ),
  ]);
  const different = await differentOf(db, columns, sources);
  const oids = keys.flatMap(({ outline }) => tablesOf(outline).map((one) => one.relation.oid));
  const rows = await expectedRows(db, oids);
  const known: Statistics = {
    rows: (oid) => rows.get(oid) ?? null,
    different: (one) => different.get(nameOf(one)) ?? null,
  };
  return new Map(
    keys.flatMap((key) => {
      const cost = costOf(key, sources, known);
      return cost === null ? [] : [[key, cost] as const];
    }),
  );
}

/**
 * What statistics told of columns in the analysis of one definition. Its parts are planned one by
 * one, over the same tables.
 */
const told = new WeakMap<Sources, Map<string, number | null>>();

/** The different values of columns, each asked for once. */
async function differentOf(
  db: Db,
  columns: readonly Column[],
  sources: Sources,
): Promise<ReadonlyMap<string, number | null>> {
  const known = told.get(sources) ?? new Map<string, number | null>();
  told.set(sources, known);
  const asked = new Map(columns.map((one) => [nameOf(one), one]));
  for (const name of known.keys()) asked.delete(name);
  const values = await differentIn(db, [...asked.values()]);
  [...asked.keys()].forEach((name, index) => known.set(name, values[index] ?? null));
  return known;
}

const nameOf = ({ oid, name }: Column): string => `${oid} ${name}`;

/** Of one key, as above; null where statistics do not tell. */
function costOf(key: KeyPlan, sources: Sources, { rows, different }: Statistics): number | null {
  const values = Math.max(
    0,
    ...key.holders
      .flatMap(({ item, expr }) => columnsAt(key, item, expr, sources))
      .map((column) => different(column) ?? 0),
  );
  if (values <= 0) return null;
  let [all, again, most] = [0, 0, 0];
  for (const { number, relation } of tablesOf(key.outline)) {
    const size = rows(relation.oid);
    if (size === null) return null;
    const path = key.paths.get(number) ?? null;
    let touched = path === null ? values : 1;
    for (const item of path?.tables.slice(1) ?? []) {
      if (path === null) break;
      // How many rows of the next table a row meets.
      const partners = joined(key, path, item, sources).map((column) => {
        const [met, own] = [rows(column.oid), different(column)];
        return met === null || own === null || own <= 0 ? values : met / own;
      });
      touched *= Math.max(1, Math.min(values, ...partners));
    }
    all += size;
    again += size * Math.min(values, touched);
    most = Math.max(most, size);
  }
  return all === 0 ? null : ((again / all) * most) / values;
}

/** The column of an item of FROM that an expression is. */
function columnsAt(
  { outline }: KeyPlan,
  item: number,
  expr: Expr,
  sources: Sources,
): readonly Column[] {
  const relation = outline.items.get(item)?.relation;
  if (relation?.kind !== 'table') return [];
  const name = columnIn(relation, expr, sources);
  return name === null ? [] : [{ oid: relation.oid, name }];
}

/** The columns by which a path comes to an item. */
const joined = (key: KeyPlan, path: Path, item: number, sources: Sources): readonly Column[] =>
  path.conditions.flatMap((condition) => {
    if (condition.kind !== 'binary' || condition.op !== '=') return [];
    return [condition.left, condition.right].flatMap((side) =>
      plainColumn(side)?.relation === item ? columnsAt(key, item, side, sources) : [],
    );
  });

/** The table's column that an expression is; null where it is none by itself. */
export function columnIn(relation: TableItem, expr: Expr, sources: Sources): string | null {
  const column = plainColumn(expr);
  if (column === null) return null;
  const place = relation.columnAliases.indexOf(column.name);
  return place < 0 ? column.name : (sources.get(relation.oid)?.columns[place]?.name ?? null);
}

/** How many different values the columns have, each null where statistics do not tell. */
export async function differentIn(
  db: Db,
  columns: readonly Column[],
): Promise<readonly (number | null)[]> {
  if (columns.length === 0) return [];
  const rows = await db.query<{ keys: number | null }>(DIFFERENT, [JSON.stringify(columns)]);
  return rows.map(({ keys }) => keys);
}

/** `pg_stats` has a share of the rows as a negative number (PostgreSQL, "pg_stats"). */
const DIFFERENT = `
SELECT (
  SELECT CASE WHEN s.n_distinct > 0 THEN s.n_distinct
      ELSE -s.n_distinct * ${rowsExpected('c.oid')} END::float8
  FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
  WHERE c.oid = k.oid AND s.attname = k.name
  ORDER BY s.inherited DESC
  LIMIT 1
) AS keys
FROM ROWS FROM (jsonb_to_recordset($1) AS (oid oid, name text))
  WITH ORDINALITY AS k (oid, name, number)
ORDER BY k.number`;
