/**
 * The oracle: the user's own definition run by PostgreSQL, against `imat.<name>`, in one statement
 * and so in one snapshot.
 *
 * Values are compared as text, so that every digit of a numeric counts. `ambiguous` columns are
 * group keys of types in which equal values may look different (numeric 1.0 and 1.00, citext ...):
 * these are compared by `=`. Floats are compared with the tolerance of `imat verify`; rows are then
 * paired by everything else.
 */
import type { Db } from '../../../../engine/db/db.ts';

export type Difference = { readonly side: 'imat' | 'definition'; readonly row: string };

export type Column = {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly tolerance: string | null;
};

export type Compared = {
  readonly relation: string;
  readonly definition: string;
  readonly columns: readonly Column[];
  readonly ambiguous: readonly string[];
};

const TOLERANCES: Readonly<Record<string, string>> = { float4: '1e-4', float8: '1e-9' };

/** The columns of a relation in order, as readers see them. */
export async function columnsOf(db: Db, relation: string): Promise<Column[]> {
  const rows = await db.query<{
    name: string;
    type: string;
    collation: string | null;
    base: string;
  }>(
    `SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> 0
         THEN a.attcollation::pg_catalog.regcollation::text END AS collation,
       coalesce(b.typname, t.typname)::text AS base
     FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
     WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
    [relation],
  );
  return rows.map(({ base, ...column }) => ({ ...column, tolerance: TOLERANCES[base] ?? null }));
}

/**
 * One statement that gives the rows which only one side has, as a multiset. All values that are
 * compared as text are one text: to plan as many columns as there are takes longer than to read
 * them.
 */
export function differencesSql({ relation, definition, columns, ambiguous }: Compared): string {
  const names = columns.map((_, index) => `c${index}`);
  const namesOf = (chosen: readonly Column[]): readonly string[] =>
    chosen.map((column) => `c${columns.indexOf(column)}`);
  const byEquality = columns.filter((column) => ambiguous.includes(column.name));
  const floats = columns.filter(
    (column) => column.tolerance !== null && !byEquality.includes(column),
  );
  const asText = columns.filter(
    (column) => !byEquality.includes(column) && !floats.includes(column),
  );
  const exact = ['shown', ...namesOf(byEquality)];
  const texts = namesOf(asText).map((name) => `q.${name}::text`);
  const shown = `ROW(${texts.join(', ')})::text AS shown`;
  const others = [...namesOf(byEquality), ...namesOf(floats)];
  const number =
    floats.length === 0
      ? ''
      : `, row_number() OVER (PARTITION BY ${exact.join(', ')}
           ORDER BY ${namesOf(floats).join(', ')}) AS n`;
  // A list of no names is no SQL.
  const alias = names.length === 0 ? 'q' : `q(${names.join(', ')})`;
  const rows = (from: string): string =>
    `SELECT e.*${number}
     FROM (SELECT ${[shown, ...others].join(', ')} FROM ${from} AS ${alias}) AS e`;
  const same = [
    ...exact.map((name) => `(l.${name} = r.${name} OR (l.${name} IS NULL AND r.${name} IS NULL))`),
    'l.n = r.n',
    ...floats.map(({ tolerance }, index) =>
      closeSql({ name: namesOf(floats)[index] ?? '', tolerance: tolerance ?? '' }),
    ),
  ].join(' AND ');
  const onlyIn = (side: string, own: string, other: string): string =>
    `SELECT '${side}' AS side, to_json(l)::text AS row
     FROM ${own} AS l
     WHERE NOT EXISTS (SELECT FROM ${other} AS r WHERE ${same})`;
  const exceptAll = (side: string, own: string, other: string): string =>
    `SELECT '${side}' AS side, to_json(x)::text AS row
     FROM (SELECT * FROM ${own} EXCEPT ALL SELECT * FROM ${other}) AS x`;
  const only = floats.length > 0 ? onlyIn : exceptAll;
  return `WITH got AS MATERIALIZED (${rows(relation)}),
  wanted AS MATERIALIZED (${rows(`(${definition})`)})
${only('imat', 'got', 'wanted')} UNION ALL ${only('definition', 'wanted', 'got')}`;
}

function closeSql({
  name,
  tolerance,
}: {
  readonly name: string;
  readonly tolerance: string;
}): string {
  const [a, b] = [`l.${name}`, `r.${name}`];
  const finite = (value: string): string => `${value} < 'Infinity' AND ${value} > '-Infinity'`;
  const near =
    `abs(${a}::numeric - ${b}::numeric) <= ${tolerance} * ` +
    `greatest(1, abs(${a}::numeric), abs(${b}::numeric))`;
  return (
    `(${a} = ${b} OR (${a} IS NULL AND ${b} IS NULL) OR CASE WHEN ` +
    `${finite(a)} AND ${finite(b)} THEN ${near} END)`
  );
}

export const differences = (db: Db, compared: Compared): Promise<Difference[]> =>
  runComparison(db, differencesSql(compared));

/** By session: the comparisons that ran, by their SQL, with the names they are prepared under. */
const SEEN = new WeakMap<Db, Map<string, { readonly name: string; isPrepared: boolean }>>();

/**
 * From the second time on as a prepared statement: planning the two sides takes longer than
 * running them over the rows of a test. PostgreSQL plans anew after changes of what they read.
 */
export async function runComparison(db: Db, comparison: string): Promise<Difference[]> {
  const seen = SEEN.get(db) ?? new Map();
  SEEN.set(db, seen);
  const again = seen.get(comparison);
  if (again === undefined) {
    seen.set(comparison, { name: `compared_${seen.size}`, isPrepared: false });
    return db.query<Difference>(comparison);
  }
  if (!again.isPrepared) {
    await db.execute(`PREPARE ${again.name} AS ${comparison}`);
    again.isPrepared = true;
  }
  return db.query<Difference>(`EXECUTE ${again.name}`);
}

/** The columns that differ, each taken alone. */
export async function differingColumns(db: Db, compared: Compared): Promise<string[]> {
  const { columns, relation, definition, ambiguous } = compared;
  const names = columns.map((_, index) => `c${index}`);
  const alone = (from: string, index: number): string =>
    `(SELECT c${index} FROM ${from} AS q(${names.join(', ')}))`;
  const differing: string[] = [];
  for (const [index, column] of columns.entries()) {
    const found = await differences(db, {
      relation: alone(relation, index),
      definition: `SELECT * FROM ${alone(`(${definition})`, index)} AS q`,
      columns: [column],
      ambiguous,
    });
    if (found.length > 0) differing.push(column.name);
  }
  return differing;
}
