/** What doctor checks of each source. */
import type { DoctorCheck } from '../api.ts';
import type { Db } from '../db/db.ts';
import { namesColumns } from '../generate/capture.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { loadColumns } from '../server/columns.ts';
import { CAPTURE_TRIGGERS } from '../sql/names.ts';
import { ok, problem } from './doctor-check.ts';

type SourceRow = {
  readonly name: string | null;
  readonly triggers: number;
  readonly log: boolean;
  readonly subscribed: boolean;
  readonly unlogged: boolean;
  readonly inherits: boolean;
  readonly secured: boolean;
  readonly relation: number;
  readonly columns: number[] | null;
  readonly by_extension: boolean;
  readonly tracked: boolean;
  readonly body: string | null;
};

const SOURCES_SQL = `
SELECT s.relation::oid AS relation, to_json(s.columns) AS columns, s.by_extension, s.tracked,
  (
    SELECT p.prosrc
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = s.relation AND t.tgname = $2
  ) AS body,
  (
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = s.relation
  ) AS name,
  (
    SELECT count(*)::int
    FROM pg_trigger t
    WHERE t.tgrelid = s.relation AND t.tgname = ANY ($1::text[]) AND t.tgenabled = 'A'
  ) AS triggers,
  EXISTS (SELECT FROM pg_class l WHERE l.oid = s.log) AS log,
  CASE WHEN has_table_privilege('pg_subscription_rel', 'SELECT')
    THEN EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = s.relation)
    ELSE false END AS subscribed,
  EXISTS (SELECT FROM pg_class c WHERE c.oid = s.relation AND c.relpersistence <> 'p') AS unlogged,
  EXISTS (SELECT FROM pg_inherits h WHERE s.relation IN (h.inhparent, h.inhrelid)) AS inherits,
  EXISTS (
    SELECT
    FROM pg_class c
      JOIN imat_catalog.imat_source z ON z.relation = c.oid
      JOIN imat_catalog.imat i ON i.id = z.imat_id
    WHERE c.oid = s.relation AND c.relrowsecurity AND i.strategy = 'delta'
  ) AS secured
FROM imat_catalog.source s ORDER BY 1`;

/**
 * Triggers that are disabled or gone lose changes: the one thing that makes an imat wrong without
 * an error.
 */
export async function sourceChecks(db: Db): Promise<DoctorCheck[]> {
  const triggers = Object.values(CAPTURE_TRIGGERS).map((name) => `"${name}"`);
  const sources = await db.query<SourceRow>(SOURCES_SQL, [
    `{${triggers.join(',')}}`,
    CAPTURE_TRIGGERS.insert,
  ]);
  const columns = await loadColumns(
    db,
    sources.map((source) => source.relation),
  );
  return sources.map((source) => {
    const check = `source ${source.name ?? '(dropped)'}`;
    const wrong = sourceProblem(source, columns.get(source.relation) ?? []);
    if (wrong !== null) return problem('error', check, ...wrong);
    const by = source.by_extension ? ' by the extension' : '';
    return ok(check, `captured${by}${source.tracked ? ', tracked' : ''}`);
  });
}

/** The message and the hint of the worst that is wrong with a source; null if nothing is. */
function sourceProblem(
  source: SourceRow,
  columns: readonly ColumnFacts[],
): [message: string, hint: string] | null {
  if (source.name === null) return ['a source table was dropped', 'Revert the imats that read it.'];
  if (source.triggers < Object.keys(CAPTURE_TRIGGERS).length || !source.log)
    return [
      'capture is disabled or gone: changes were lost',
      'Enable its triggers (ALTER TABLE ... ENABLE ALWAYS TRIGGER), ' +
        'then revert and convert the imats on it.',
    ];
  if (hasLostColumns(source, columns))
    return [
      'a column that is captured was renamed or dropped: whoever writes to it gets an error',
      'Revert the imats on it, then convert them again.',
    ];
  if (source.subscribed)
    return [
      'a logical replication subscription fills it, which fires no statement triggers',
      'Revert the imats on it.',
    ];
  if (source.inherits)
    return [
      'it takes part in inheritance or partitioning now: writes to its relatives are not captured',
      'Revert the imats on it.',
    ];
  if (source.secured)
    return [
      'it has row security now, which imats maintained by delta on it do not know',
      'Revert and convert the imats on it.',
    ];
  if (source.unlogged)
    return [
      'it has become unlogged: a crash empties it without notice',
      'ALTER TABLE ... SET LOGGED, then revert and convert the imats on it.',
    ];
  return null;
}

/** A capture function of plpgsql names columns; the extension goes by their numbers. */
function hasLostColumns(source: SourceRow, columns: readonly ColumnFacts[]): boolean {
  if (source.columns === null) return false;
  const logged = columns.filter((column) => source.columns?.includes(column.attnum) === true);
  if (logged.length < source.columns.length) return true;
  return !source.by_extension && !namesColumns(source.body ?? '', logged);
}
