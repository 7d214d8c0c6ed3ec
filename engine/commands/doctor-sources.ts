/** What doctor checks of each source. */
import type { DoctorCheck } from '../environment-api.ts';
import type { Db } from '../db/db.ts';
import { namesColumns } from '../generate/capture.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { loadColumns } from '../server/columns.ts';
import { CAPTURE_TRIGGERS } from '../sql/names.ts';
import { ok, problem } from './doctor-check.ts';

type SourceRow = {
  readonly name: string | null;
  readonly problem: string | null;
  /** A partition that cannot be captured. */
  readonly uncapturable: string | null;
  /** A role that owns a capture function and cannot append to the log. */
  readonly refused: string | null;
  /** Whether its partitions are those that are captured. */
  readonly followed: boolean;
  readonly relation: number;
  readonly columns: number[] | null;
  readonly by_extension: boolean;
  readonly tracked: boolean;
  readonly body: string | null;
  /** The size of its log where no imat needs that; one that depends on the moment does not. */
  readonly unread: string | null;
  /** The size of its log where that is large, and who has not taken in its rows. */
  readonly large: string | null;
  readonly behind: string | null;
};

const SOURCES_SQL = `
SELECT s.relation::oid AS relation, to_json(s.columns) AS columns, s.by_extension, s.tracked,
  imat_catalog.capture_problem(s.relation, coalesce((
    SELECT bool_and(i.facts_cluster = imat_catalog.cluster())
    FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
    WHERE z.relation = s.relation
  ), false)) AS problem,
  (
    SELECT p.prosrc
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = s.relation AND t.tgname = $1
  ) AS body,
  (
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = s.relation
  ) AS name,
  (SELECT min(r.role) FROM imat_catalog.capture_without_rights(s.relation) r) AS refused,
  CASE WHEN s.parts IS NOT NULL THEN (
    SELECT min(t.part::regclass::text)
    FROM imat_store.part_tree(s.relation) t
    WHERE NOT imat_catalog.is_capturable(s.relation, t.part)
  ) END AS uncapturable,
  s.parts IS NULL OR imat_catalog.is_tree(s.relation, s.parents, s.parts) AS followed,
  CASE WHEN NOT EXISTS (
    SELECT FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
    WHERE z.relation = s.relation AND i.dependence <> 'moment'
  ) THEN l.size END AS unread,
  CASE WHEN l.bytes > $2 THEN l.size END AS large,
  CASE WHEN l.bytes > $2 THEN (
    SELECT string_agg(i.name, ', ' ORDER BY i.name)
    FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
      JOIN imat_catalog.status t ON t.name = i.name AND t.pending_rows > 0
    WHERE z.relation = s.relation AND i.broken IS NULL AND i.dependence <> 'moment'
  ) END AS behind
FROM imat_catalog.source s LEFT JOIN LATERAL (
  SELECT pg_total_relation_size(c.oid) AS bytes,
    pg_size_pretty(pg_total_relation_size(c.oid)) AS size
  FROM pg_class c WHERE c.oid = s.log
) l ON true ORDER BY 1`;

/** From here on a log is worth a look at the disk. */
const LARGE_LOG_BYTES = 100 * 1024 * 1024;

export async function sourceChecks(db: Db): Promise<DoctorCheck[]> {
  const sources = await db.query<SourceRow>(SOURCES_SQL, [
    CAPTURE_TRIGGERS.insert,
    LARGE_LOG_BYTES,
  ]);
  const columns = await loadColumns(
    db,
    sources.map((source) => source.relation),
  );
  return sources.map((source) => {
    const check = `source ${source.name ?? '(dropped)'}`;
    const wrong = sourceProblem(source);
    if (wrong !== null) return problem('error', check, ...wrong);
    const growing = logProblem(source);
    if (growing !== null) return problem('warning', check, ...growing);
    if (!source.followed)
      return problem(
        'warning',
        check,
        'its partitions have changed: live reads use the definition until that is taken in',
        'imat worker takes it in at once, imat fold and imat swap before they begin.',
      );
    if (source.refused !== null)
      return problem(
        'warning',
        check,
        `role ${source.refused}, which captures for it, cannot write to its log: ` +
          'after each write, live reads use the definition until the next fold',
        'imat worker, imat fold and imat swap, as the role that converted, grant it what it needs.',
      );
    if (hasOldNames(source, columns.get(source.relation) ?? []))
      return problem(
        'warning',
        check,
        'a column that is captured was renamed or dropped, or has another type: ' +
          'capture is right, but slower',
        'imat fold, as a role that owns the table, writes the capture functions again.',
      );
    const by = source.by_extension ? ' by the extension' : '';
    return ok(check, `captured${by}${source.tracked ? ', tracked' : ''}`);
  });
}

/** The message and the hint of the worst that is wrong with a source; null if nothing is. */
function sourceProblem(source: SourceRow): [message: string, hint: string] | null {
  if (source.name === null)
    return [
      'a source table was dropped',
      'imat alter gives the imats that read it another definition, imat revert removes them.',
    ];
  if (source.problem !== null)
    return [
      source.problem,
      'imat repair <name>, for each imat on it, captures it again and fills the imat anew.',
    ];
  if (source.uncapturable !== null)
    return [
      `partition ${source.uncapturable} cannot be captured, so live reads use the definition ` +
        'and folds fail',
      'Detach the partition, or revert the imats on this source.',
    ];
  return null;
}

/** What makes a log fill the disk; null if nothing does. */
function logProblem({ unread, large, behind }: SourceRow): [message: string, hint: string] | null {
  if (unread !== null)
    return [
      `no imat needs its changes, but they are still captured: its log has ${unread}, and grows`,
      'imat repair, as a role that owns the table, takes off what an interrupted command has left.',
    ];
  if (large === null) return null;
  if (behind !== null)
    return [
      `its log has ${large}, and keeps rows that these imats have not taken in: ${behind}`,
      'imat fold and imat swap take them in; imat worker does so by itself, except for manual ' +
        'imats.',
    ];
  return [
    `its log has ${large}, although every imat has taken in its rows`,
    'imat status tells what keeps them from being removed; imat worker vacuums the log.',
  ];
}

/** A capture function of plpgsql names columns; the extension goes by their numbers. */
function hasOldNames(source: SourceRow, columns: readonly ColumnFacts[]): boolean {
  if (source.columns === null || source.by_extension) return false;
  const logged = columns.filter((column) => source.columns?.includes(column.attnum) === true);
  return !namesColumns(source.body ?? '', logged);
}
