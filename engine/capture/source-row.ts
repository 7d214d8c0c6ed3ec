/** A captured source, as the catalog and its log say. */
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import type { CaptureTarget } from '../generate/capture.ts';
import type { CaptureEvent } from '../sql/names.ts';
import { fragment } from '../sql/sql.ts';

/** The functions that imat made for a source, as the catalog has them. */
export type CaptureNames = Readonly<Partial<Record<CaptureEvent, string>>>;

export type SourceRow = {
  oid: number;
  log: string;
  capture: CaptureNames;
  by_extension: boolean;
  tracked: boolean;
  /** A mark per statement is logged in place of rows. */
  marks: boolean;
  /** The types of the columns that the log has, whatever the catalog says, by number. */
  logged: Readonly<Record<string, string>>;
  /** The body of the function for INSERT; null if the extension captures. */
  body: string | null;
  former_logs: string[];
  here: boolean;
  /** Partitions or inheriting tables; none, perhaps, by now. */
  hasParts: boolean;
  /** The functions that imat made belong to another role than the log. */
  given: boolean;
  hasLog: boolean;
  /** The owners of all capture functions may append to the log. */
  mayAppend: boolean;
};

export const capturedBy = (names: CaptureNames): CaptureTarget['functions'] =>
  Object.fromEntries(Object.entries(names).map(([event, name]) => [event, fragment(name)]));

/** Of a row of `imat_catalog.source`: whether capture belongs to another role than the log. */
export const IS_GIVEN = `EXISTS (
    -- A join would read all functions of the database.
    SELECT FROM jsonb_each_text(capture) n JOIN pg_class c ON c.oid = log
    WHERE (SELECT p.proowner FROM pg_proc p WHERE p.oid = to_regproc(n.value)) <> c.relowner
  )`;

const SOURCE_SQL = `
SELECT relation::oid AS oid, log_text AS log, capture, by_extension, tracked,
  columns IS NULL AS marks,
  coalesce((
    SELECT json_object_agg(substr(a.attname::text, 2), format_type(a.atttypid, a.atttypmod))
    FROM pg_attribute a
    WHERE a.attrelid = log AND a.attnum > 0 AND NOT a.attisdropped AND a.attname ~ '^c[0-9]+$'
  ), '{}') AS logged,
  (SELECT p.prosrc FROM pg_proc p WHERE p.oid = to_regproc(capture->>'insert')) AS body,
  to_json(former_logs) AS former_logs, here, parts IS NOT NULL AS "hasParts",
  ${IS_GIVEN} AS given,
  EXISTS (SELECT FROM pg_class c WHERE c.oid = log) AS "hasLog",
  NOT EXISTS (SELECT FROM imat_catalog.capture_without_rights(relation::oid)) AS "mayAppend"
FROM imat_catalog.source`;

/**
 * A source as it is captured; null if it is not. Locks its row, so that nobody follows its
 * partitions meanwhile.
 */
export async function sourceRow(db: Db, oid: number): Promise<SourceRow | null> {
  const rows = await db.query<SourceRow>(`${SOURCE_SQL} WHERE relation = $1 FOR UPDATE`, [oid]);
  return rows[0] ?? null;
}

/** Those of these tables that are captured, without a lock. */
export const sourceRows = (db: Db, oids: readonly number[]): Promise<SourceRow[]> =>
  db.query<SourceRow>(`${SOURCE_SQL} WHERE relation = ANY ($1::oid[]) ORDER BY relation::oid`, [
    `{${oids.join(',')}}`,
  ]);

/** Whether the log has a column as it is now. */
export const isLogged = ({ logged }: SourceRow, column: ColumnFacts): boolean =>
  logged[String(column.attnum)] === column.logType;

/** The columns that a log has: without those that are gone or have another type now. */
export const loggedColumns = (known: SourceRow, all: readonly ColumnFacts[]): ColumnFacts[] =>
  all.filter((column) => isLogged(known, column));
