/** A report: its data, read in one snapshot through the SQL API. */
import type {
  GroupReport,
  GroupStatus,
  Report,
  ReportData,
  ReportOptions,
} from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import { call } from './call.ts';
import { listGroups } from './groups.ts';
import { imatRuns, schemaChangesBetween } from './report-events.ts';
import {
  beginning,
  type Bound,
  intervalsBetween,
  isoTime,
  marksBetween,
  msOf,
} from './report-range.ts';

type Range = Pick<GroupReport, 'group' | 'intervals'>;

/**
 * The page and what it shows.
 *
 * @throws ImatError `not_found`
 */
export async function report(db: Db, options: ReportOptions): Promise<Report> {
  // As in SQL, an empty text is no mark.
  const [from, to] = [options.from || null, options.to || null];
  const data = await reportData(db, { ...options, from, to });
  // The library that draws is large, and nothing else needs it.
  const { reportPage } = await import('../report/page.ts');
  return { data, html: reportPage(data) };
}

/** @throws ImatError `not_found` if there is no group, or a group or mark has no such name */
async function reportData(db: Db, options: ReportOptions): Promise<ReportData> {
  return db.transaction('repeatable read', async () => {
    const groups = await groupsFor(db, options.group);
    const [now] = await call<{ database: string; at: string; ms: string }>(
      db,
      `SELECT current_database() AS database, ${isoTime('now()')} AS at, ${msOf('now()')} AS ms`,
      [],
    );
    if (now === undefined) throw new Error('a query without FROM gives one row');
    const end = { at: now.at, ms: Number(now.ms) };
    const reports: GroupReport[] = [];
    for (const group of groups) reports.push(await groupReport(db, group, options, end));
    return { database: now.database, madeAt: now.at, groups: reports };
  });
}

async function groupsFor(db: Db, name: string | null): Promise<readonly GroupStatus[]> {
  // Tells apart a group that does not exist and one that this role may not read.
  if (name !== null) await call(db, 'SELECT FROM imat.list_marks($1) LIMIT 1', [name]);
  const all = await listGroups(db);
  if (all.length === 0)
    throw new ImatError('not_found', {
      message: 'there is no group to report on',
      detail: 'A report shows the changes that groups of tables count; this role may read none.',
      hint: 'imat group create <group> <table>... makes a group.',
    });
  return name === null ? all : all.filter((group) => group.name === name);
}

async function groupReport(
  db: Db,
  { name: group, owner, isCounting }: GroupStatus,
  { from, to }: ReportOptions,
  now: { readonly at: string; readonly ms: number },
): Promise<GroupReport> {
  const tables = await tableTotals(db, group, from, to);
  const sequences = await sequenceTotals(db, group, from, to);
  const marks = await marksBetween(db, group, from, to);
  const bounds: Bound[] = [
    ...(marks.length > 0 ? marks : [{ name: null, ...(await beginning(db, group)) }]),
    ...(to === null ? [{ name: null, ...now }] : []),
  ];
  const [first, last] = [bounds[0] ?? now, bounds.at(-1) ?? now];
  const intervals = intervalsBetween(bounds, tables.length + sequences.length);
  const range: Range = { group, intervals };
  return {
    group,
    owner,
    isCounting,
    from: { at: first.at, ms: first.ms },
    to: { at: last.at, ms: last.ms },
    marks,
    intervals,
    tables,
    changes: await changes(db, range),
    sequences,
    increments: sequences.length === 0 ? [] : await increments(db, range),
    ...(await schemaChangesBetween(db, first.at, last.at)),
    runs: await imatRuns(db, first.at, last.at),
  };
}

/** A table that left and came back has one row. */
async function tableTotals(
  db: Db,
  group: string,
  from: string | null,
  to: string | null,
): Promise<GroupReport['tables']> {
  const rows = await call<{ schema: string; table: string; rows: string }>(
    db,
    `SELECT stat_schema AS "schema", stat_table AS "table", sum(stat_rows) AS rows
     FROM imat.log_stat_group($1, $2, $3)
     GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [group, from, to],
  );
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}

async function sequenceTotals(
  db: Db,
  group: string,
  from: string | null,
  to: string | null,
): Promise<GroupReport['sequences']> {
  const rows = await call<{
    schema: string;
    sequence: string;
    increments: string;
    structureChanged: boolean;
  }>(
    db,
    `SELECT stat_schema AS "schema", stat_sequence AS "sequence",
       coalesce(sum(stat_increments), 0) AS increments,
       coalesce(bool_or(stat_has_structure_changed), false) AS "structureChanged"
     FROM imat.sequence_stat_group($1, $2, $3)
     GROUP BY 1, 2 ORDER BY abs(coalesce(sum(stat_increments), 0)) DESC, 1, 2`,
    [group, from, to],
  );
  return rows.map((row) => ({ ...row, increments: Number(row.increments) }));
}

const INTERVALS = `jsonb_to_recordset($2::jsonb) AS i(number integer, first text, last text)`;

const listed = (intervals: GroupReport['intervals']): string =>
  JSON.stringify(
    intervals.map(({ firstMark, lastMark }, number) => ({
      number,
      first: firstMark,
      last: lastMark,
    })),
  );

async function changes(db: Db, { group, intervals }: Range): Promise<GroupReport['changes']> {
  const rows = await call<Omit<GroupReport['changes'][number], 'rows'> & { readonly rows: string }>(
    db,
    `SELECT i.number AS "interval", s.stat_schema AS "schema", s.stat_table AS "table",
       s.stat_role AS role, s.stat_verb AS verb, sum(s.stat_rows) AS rows
     FROM ${INTERVALS}, LATERAL imat.detailed_log_stat_group($1, i.first, i.last) s
     GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
    [group, listed(intervals)],
  );
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}

async function increments(db: Db, { group, intervals }: Range): Promise<GroupReport['increments']> {
  const rows = await call<
    Omit<GroupReport['increments'][number], 'increments'> & { readonly increments: string }
  >(
    db,
    `SELECT i.number AS "interval", s.stat_schema AS "schema", s.stat_sequence AS "sequence",
       sum(s.stat_increments) AS increments
     FROM ${INTERVALS}, LATERAL imat.sequence_stat_group($1, i.first, i.last) s
     GROUP BY 1, 2, 3 HAVING sum(s.stat_increments) <> 0 ORDER BY 1, 2, 3`,
    [group, listed(intervals)],
  );
  return rows.map((row) => ({ ...row, increments: Number(row.increments) }));
}
