/** The marks of a report's range, and its intervals, joined where there would be too many. */
import type { GroupReport, ReportInterval, ReportTime } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { call } from './call.ts';

/** More bars are no longer told apart. */
const MOST_INTERVALS = 120;
/** Of intervals and tables together: what a page can hold. */
const MOST_CELLS = 5000;

export type TimedMark = GroupReport['marks'][number];

export const isoTime = (expression: string): string =>
  `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export const msOf = (expression: string): string =>
  `(extract(epoch FROM ${expression}) * 1000)::float8`;

/** Those of the range, its bounds included. */
export async function marksBetween(
  db: Db,
  group: string,
  from: string | null,
  to: string | null,
): Promise<TimedMark[]> {
  const rows = await call<Omit<TimedMark, 'ms'> & { readonly ms: string }>(
    db,
    `WITH mark AS MATERIALIZED (SELECT * FROM imat.list_marks($1)),
       named AS (SELECT m.mark_name AS name, m.mark_time_id AS id FROM mark m
         UNION ALL SELECT u.name, (SELECT max(m.mark_time_id) FROM mark m)
         FROM unnest('{LAST_MARK,EMAJ_LAST_MARK}'::text[]) u(name))
     SELECT m.mark_name AS name, m.mark_is_stop AS "isStop",
       m.mark_comment AS comment, ${isoTime('m.mark_datetime')} AS at,
       ${msOf('m.mark_datetime')} AS ms
     FROM mark m
     WHERE m.mark_time_id >= coalesce((SELECT n.id FROM named n WHERE n.name = $2), 0)
       AND ($3::text IS NULL OR m.mark_time_id <= (SELECT n.id FROM named n WHERE n.name = $3))
     ORDER BY m.mark_time_id`,
    [group, from, to],
  );
  return rows.map((row) => ({ ...row, ms: Number(row.ms) }));
}

/** When the group was created: where its range begins if it has no mark. */
export async function beginning(db: Db, group: string): Promise<ReportTime> {
  const [row] = await call<{ at: string; ms: string }>(
    db,
    `SELECT ${isoTime('g.group_creation_datetime')} AS at,
       ${msOf('g.group_creation_datetime')} AS ms
     FROM imat.list_groups() g WHERE g.group_name = $1`,
    [group],
  );
  if (row === undefined) throw new Error(`group "${group}" was listed in the same snapshot`);
  return { at: row.at, ms: Number(row.ms) };
}

export type Bound = ReportTime & { readonly name: string | null };

/**
 * The intervals between bounds that follow each other. Neighbours are joined until there are few
 * enough for a plot, and for tables with a row for each of `members`.
 */
export function intervalsBetween(bounds: readonly Bound[], members: number): ReportInterval[] {
  const single = Math.max(0, bounds.length - 1);
  const most = Math.max(1, Math.min(MOST_INTERVALS, Math.floor(MOST_CELLS / Math.max(1, members))));
  const size = Math.max(1, Math.ceil(single / most));
  return Array.from({ length: Math.ceil(single / size) }, (_, number) => {
    const start = number * size;
    const end = Math.min(start + size, single);
    const [first, last] = [bounds[start], bounds[end]];
    if (first === undefined || last === undefined) throw new Error('an interval has two bounds');
    return {
      firstMark: first.name,
      lastMark: last.name,
      from: { at: first.at, ms: first.ms },
      to: { at: last.at, ms: last.ms },
      joined: end - start,
    };
  });
}
