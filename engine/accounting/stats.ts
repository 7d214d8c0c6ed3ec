/** Statistics of a group between two marks, added up as asked for. */
import type { ChangeStatistics, StatisticsOptions } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { call } from './call.ts';

type Found = Omit<ChangeStatistics['rows'][number], 'rows'> & { readonly rows: string };

const COLUMNS = `stat_schema AS "schema", stat_table AS "table",
  stat_first_mark AS "firstMark", stat_last_mark AS "lastMark"`;

/** Parameters: the group, the first mark, the last mark. */
const QUERIES: Readonly<Record<StatisticsOptions['by'], string>> = {
  table: `SELECT ${COLUMNS}, NULL AS role, NULL AS verb, stat_rows AS rows
    FROM imat.log_stat_group($1, $2, $3)`,
  role: detailedBy('role'),
  verb: detailedBy('verb'),
  // The intervals are found once; each is then asked for as a range of its own.
  mark: `SELECT NULL AS "schema", NULL AS "table", i.name AS "firstMark", i.next AS "lastMark",
      NULL AS role, NULL AS verb, s.rows
    FROM (
      SELECT m.mark_time_id AS id, m.mark_name AS name,
        lead(m.mark_name) OVER (ORDER BY m.mark_time_id) AS next,
        ${boundOf('$2')} AS first, ${boundOf('$3')} AS last
      FROM imat.list_marks($1) m
    ) i, LATERAL (
      SELECT coalesce(sum(l.stat_rows), 0) AS rows FROM imat.log_stat_group($1, i.name, i.next) l
    ) s
    WHERE i.id >= coalesce(i.first, 0) AND ($3::text IS NULL OR i.id < i.last)
    ORDER BY i.id`,
};

function boundOf(parameter: string): string {
  return `CASE WHEN ${parameter} IN ('LAST_MARK', 'EMAJ_LAST_MARK') THEN max(m.mark_time_id) OVER ()
          ELSE max(m.mark_time_id) FILTER (WHERE m.mark_name = ${parameter}) OVER () END`;
}

function detailedBy(column: 'role' | 'verb'): string {
  return `SELECT ${COLUMNS}, ${column === 'role' ? 'stat_role' : 'NULL'} AS role,
      ${column === 'verb' ? 'stat_verb' : 'NULL'} AS verb, sum(stat_rows) AS rows
    FROM imat.detailed_log_stat_group($1, $2, $3)
    GROUP BY stat_schema, stat_table, stat_first_mark, stat_first_time_id, stat_last_mark,
      stat_${column}
    ORDER BY stat_schema, stat_table, stat_first_time_id, stat_${column}`;
}

export async function statistics(
  db: Db,
  group: string,
  { from, to, by }: StatisticsOptions,
): Promise<ChangeStatistics> {
  // Checks the range, also where the query would find no mark in it.
  await call(db, 'SELECT FROM imat.log_stat_group($1, $2, $3) LIMIT 1', [group, from, to]);
  const rows = await call<Found>(db, QUERIES[by], [group, from, to]);
  return { group, from, to, by, rows: rows.map((row) => ({ ...row, rows: Number(row.rows) })) };
}

/** Folds the counters of intervals that have ended; gives how many it has removed. */
export async function foldCounts(db: Db): Promise<number> {
  const [row] = await call<{ folded: string }>(db, 'SELECT imat.fold_counts() AS folded', []);
  return Number(row?.folded);
}
