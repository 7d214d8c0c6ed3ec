/**
 * The comparison of verify: `imat.<name>` against the definition run by PostgreSQL, both read in
 * one snapshot, as multisets.
 *
 * Rows are compared with `=` by EXCEPT ALL both ways; columns of types without an ordering (json,
 * xml ...) as text. Where rows differ in floating-point columns only, and by no more than the error
 * of summing in another order, they count as equal: relative 1e-9 for double precision, 1e-4 for
 * real (PostgreSQL itself sums reals in 24 bits).
 */
import type { Strategy, VerifyResult } from '../api.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import { unstacked, unstackedView, type Unstacked } from '../server/stacked.ts';
import { loadColumns } from '../server/columns.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { FLOAT4, FLOAT8 } from '../algebra/facts.ts';
import { ident, lines, sql } from '../sql/sql.ts';

type Side = 'imat' | 'definition';
type Difference = { readonly side: Side; readonly row: Readonly<Record<string, unknown>> };

const SAMPLE = 10;
/** Up to this many rows that found no partner in order are compared each with each. */
const MATCH_LIMIT = 2_000;
const ATTEMPTS = 20;

type Compared = {
  readonly id: number;
  readonly name: string;
  readonly relation: string;
  readonly definitionView: string;
  readonly viewOid: number;
};

export async function compareWithDefinition(db: Db, imat: Compared): Promise<VerifyResult> {
  const columns = (await loadColumns(db, [imat.viewOid])).get(imat.viewOid) ?? [];
  const truth = await withShortLock(db, () => truthOf(db, imat.definitionView));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const result = await compareOnce(db, imat, columns, truth);
    if (result !== null) return result;
  }
  throw new ImatError('contention', {
    message: `the tables of imat "${imat.name}" kept being partitioned, truncated or rewritten`,
    hint: 'Try again later.',
  });
}

/**
 * In a transaction of its own, which waits for no lock for long. Null if rows differ, and what
 * PostgreSQL takes as it is now, whatever the snapshot is, has changed since the snapshot was
 * taken: the two sides may have read different tables.
 */
async function compareOnce(
  db: Db,
  imat: Compared,
  columns: readonly ColumnFacts[],
  truth: Unstacked | null,
): Promise<VerifyResult | null> {
  const selected = lines(
    columns.map((column) =>
      column.sortable
        ? ident(column.name)
        : sql`${ident(column.name)}::text AS ${ident(column.name)}`,
    ),
  );
  const from = (relation: string): string => `SELECT ${selected.text} FROM ${relation}`;
  const imatRows = from(imat.relation);
  const definitionRows = from(truth === null ? imat.definitionView : `(${truth.query}) AS truth`);
  const imats = [imat.id, ...(truth?.imats ?? [])];
  const compare = async (): Promise<VerifyResult | null> => {
    // Locks the tables below, too, and takes no snapshot: one that is older than a TRUNCATE would
    // read its table as empty. The locks keep from neither ATTACH PARTITION nor TRUNCATE of a
    // partition that came later.
    await db.execute(`LOCK TABLE ${imat.definitionView} IN ACCESS SHARE MODE`);
    const before = await presentOf(db, imats);
    for (const id of imats) await db.query('SELECT imat_catalog.check_definition($1)', [id]);
    // The same for what the other side reads: nothing is waited for later, after the long queries.
    await db.execute(`SELECT FROM ${imat.relation} LIMIT 0`);
    const [total] = await db.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM (${definitionRows}) q`,
    );
    const { differences, sample } = await differencesOf(
      db,
      unpairedSql(differingSql(imatRows, definitionRows), columns),
      columns,
    );
    if (differences > 0) {
      const after = await presentOf(db, imats);
      if (after.rewritten || after.state !== before.state) return null;
    }
    return {
      name: imat.name,
      equal: differences === 0,
      differences,
      sample,
      rows: Number(total?.rows ?? 0),
      behind: differences > 0 ? await behindOf(db, imat.id) : null,
      error: null,
    };
  };
  return withShortLock(db, compare, undefined, { isolation: 'repeatable read' });
}

/**
 * Whether an imat with another freshness than live has something to take in, in the snapshot of the
 * comparison: such an imat shows the rows of its last fold or swap.
 */
async function behindOf(db: Db, id: number): Promise<VerifyResult['behind']> {
  const [row] = await db.query<{ freshness: string; strategy: Strategy }>(
    `SELECT i.freshness, i.strategy FROM imat_catalog.imat i
     WHERE i.id = $1 AND i.freshness <> 'live' AND imat_catalog.has_changed(i.id)`,
    [id],
  );
  return row ?? null;
}

/**
 * The parts that PostgreSQL plans with and the labels that it prints, and whether a table has
 * been truncated or rewritten since the snapshot was taken.
 */
async function presentOf(
  db: Db,
  imats: readonly number[],
): Promise<{ readonly state: string; readonly rewritten: boolean }> {
  const [present] = await db.query<{ state: string; rewritten: boolean }>(
    `SELECT concat_ws(' ', t.parts, l.labels) AS state,
       imat_catalog.is_rewritten(s.sources) AS rewritten
     FROM (
       SELECT ARRAY(SELECT DISTINCT z.relation FROM imat_catalog.imat_source z
         WHERE z.imat_id = ANY ($1)) AS sources
     ) s, LATERAL (
       SELECT string_agg(imat_store.planned_parts(u.source)::text, ' ') AS parts
       FROM unnest(s.sources) u(source)
     ) t, LATERAL (
       SELECT array_agg(imat_catalog.labels_changed(i.labels) ORDER BY i.id)::text AS labels
       FROM imat_catalog.imat i WHERE i.id = ANY ($1)
     ) l`,
    [imats],
  );
  return present ?? { state: '', rewritten: false };
}

async function differencesOf(
  db: Db,
  unpaired: string,
  columns: readonly ColumnFacts[],
): Promise<Pick<VerifyResult, 'differences' | 'sample'>> {
  // Rows come as text, so that every digit is compared and shown.
  const asText = columns.map((_, index) => `, v.c${index}::text AS c${index}`).join('');
  const rows = await db.query<Record<string, string | null> & { side: Side }>(
    `SELECT v.side${asText} FROM (${unpaired}) v LIMIT ${MATCH_LIMIT + 1}`,
  );
  const found = rows.map(
    (row): Difference => ({
      side: row.side,
      row: Object.fromEntries(
        columns.map((column, index) => [column.name, row[`c${index}`] ?? null]),
      ),
    }),
  );
  const remaining = found.length > MATCH_LIMIT ? found : withoutTolerated(found, columns);
  const differences = found.length > MATCH_LIMIT ? await countOf(db, unpaired) : remaining.length;
  return { differences, sample: remaining.slice(0, SAMPLE) };
}

/** The rows that only one side has, as a multiset. */
const differingSql = (imatRows: string, definitionRows: string): string =>
  `SELECT 'imat' AS side, q.*
   FROM ((${imatRows}) EXCEPT ALL (${definitionRows})) q
   UNION ALL
   SELECT 'definition', q.*
   FROM ((${definitionRows}) EXCEPT ALL (${imatRows})) q`;

/** The definition without the imats that it reads: these could be wrong themselves. */
async function truthOf(db: Db, definitionView: string): Promise<Unstacked | null> {
  const [row] = await db.query<{ oid: number }>('SELECT $1::regclass::oid AS oid', [
    definitionView,
  ]);
  const oid = row?.oid ?? 0;
  return rolledBack(db, async () => {
    const found = await unstacked(db, oid, 'truth');
    return found !== null && (await unstackedView(db, oid, found)) !== null ? found : null;
  });
}

const isFloat = (column: ColumnFacts): boolean => column.oid === FLOAT4 || column.oid === FLOAT8;

/**
 * Of rows that differ, those without a partner on the other side: the n-th by its floats among the
 * rows of a side that agree in everything else, with floats within the tolerance. By window
 * functions, so that it takes any number of rows.
 */
function unpairedSql(differing: string, columns: readonly ColumnFacts[]): string {
  const names = columns.map((_, index) => `c${index}`);
  const named = `(${differing}) v(${['side', ...names].join(', ')})`;
  const floats = columns.flatMap((column, index) =>
    isFloat(column) ? [{ name: `c${index}`, tolerance: toleranceOf(column) }] : [],
  );
  if (floats.length === 0) return `SELECT * FROM ${named}`;
  const exact = names.filter((name) => floats.every((float) => float.name !== name));
  const numbered = `SELECT v.*,
      row_number() OVER (
        PARTITION BY ${['side', ...exact].join(', ')}
        ORDER BY ${floats.map((float) => float.name).join(', ')}
      ) AS place
    FROM ${named}`;
  const ranges = floats.map(
    ({ name }) =>
      `count(${name}) OVER pair AS known_${name}, ` +
      `min(${name}) OVER pair AS low_${name}, max(${name}) OVER pair AS high_${name}`,
  );
  const close = floats.map(
    ({ name, tolerance }) =>
      `(known_${name} = 0 OR known_${name} = 2 ` +
      `AND ${closeSql(`low_${name}`, `high_${name}`, tolerance)})`,
  );
  return `SELECT ${['side', ...names].join(', ')} FROM (
    SELECT n.*, count(*) OVER pair AS rows, ${ranges.join(', ')}
    FROM (${numbered}) n
    WINDOW pair AS (PARTITION BY ${[...exact, 'place'].join(', ')})
  ) p WHERE NOT (rows = 2 AND ${close.join(' AND ')})`;
}

const toleranceOf = (column: ColumnFacts): string => (column.oid === FLOAT4 ? '1e-4' : '1e-9');

function closeSql(low: string, high: string, tolerance: string): string {
  const near =
    `${high}::numeric - ${low}::numeric ` +
    `<= ${tolerance} * greatest(1, abs(${low}::numeric), abs(${high}::numeric))`;
  return (
    `(${low} = ${high} OR CASE WHEN ${low} > '-Infinity' AND ${high} < 'Infinity' ` +
    `THEN ${near} ELSE false END)`
  );
}

async function countOf(db: Db, differing: string): Promise<number> {
  const [row] = await db.query<{ count: string }>(`SELECT count(*) AS count FROM (${differing}) v`);
  return Number(row?.count ?? 0);
}

/** Pairs what is left, whichever order the floats had, and gives the rest. */
function withoutTolerated(
  found: readonly Difference[],
  columns: readonly ColumnFacts[],
): Difference[] {
  const floats = columns.filter(isFloat);
  if (floats.length === 0) return [...found];
  const exact = columns.filter((column) => !floats.includes(column));
  const key = (difference: Difference): string =>
    JSON.stringify(exact.map((column) => difference.row[column.name] ?? null));
  const open = new Map<string, Difference[]>();
  for (const difference of found.filter((one) => one.side === 'definition')) {
    const group = key(difference);
    open.set(group, [...(open.get(group) ?? []), difference]);
  }
  const rest: Difference[] = [];
  for (const difference of found.filter((one) => one.side === 'imat')) {
    const candidates = open.get(key(difference)) ?? [];
    const match = candidates.findIndex((candidate) =>
      floats.every((column) =>
        close(difference.row[column.name], candidate.row[column.name], Number(toleranceOf(column))),
      ),
    );
    if (match < 0) rest.push(difference);
    else candidates.splice(match, 1);
  }
  return [...rest, ...[...open.values()].flat()];
}

function close(a: unknown, b: unknown, tolerance: number): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  if (a === null || b === null || !Number.isFinite(x) || !Number.isFinite(y)) return false;
  return Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y));
}
