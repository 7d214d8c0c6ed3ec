/** Which tables have no statistics, and how they get them. */
import type { Db } from '../db/db.ts';
import { isRefused } from '../db/db.ts';
import { withShortLock } from '../db/short-lock.ts';

/**
 * Whether the planner would know too little of a table `c` in schema `n`, as SQL. CREATE INDEX and
 * VACUUM count rows, and only ANALYZE looks at columns. Of a table with partitions, or with others
 * that inherit from it, there are statistics of all their rows together: one that was analyzed
 * before it had any rows has none of these. What another role may not see is not missing.
 */
const LACKS_STATISTICS = `(
  c.reltuples < 0
  OR has_any_column_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
    AND EXISTS (
      WITH RECURSIVE below AS (
        SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = c.oid
        UNION
        SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.inhrelid
      )
      SELECT FROM (
        SELECT false AS inherited, pg_relation_size(c.oid) AS size
        UNION ALL
        SELECT true, sum(pg_relation_size(b.inhrelid)) FROM below b
      ) AS rows
      WHERE rows.size > 0 AND NOT EXISTS (
        SELECT FROM pg_stats s
        WHERE s.schemaname = n.nspname AND s.tablename = c.relname
          AND s.inherited = rows.inherited
      )
    )
)`;

/** Whether ANALYZE of a table `c` by this role is not skipped, as SQL. */
const MAY_ANALYZE = `(
  (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = current_database())
  OR CASE WHEN current_setting('server_version_num')::integer < 170000
    THEN pg_has_role(c.relowner, 'USAGE')
    ELSE has_table_privilege(c.oid, 'MAINTAIN')
  END
)`;

/** The tables of which the planner would know too little. */
export async function withoutStatistics(db: Db, tables: readonly number[]): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY ($1::oid[]) AND ${LACKS_STATISTICS}
     ORDER BY 1`,
    [`{${tables.join(',')}}`],
  );
  return rows.map(({ name }) => name);
}

/** 10,000 rows take as many pages at least: 24 bytes of header, 4 of pointer and 8 of data each. */
const LARGE_PAGES = 44;

/** `mayAnalyze`: whether ANALYZE by this role is not skipped. */
export type Unanalyzed = { readonly name: string; readonly mayAnalyze: boolean };

/**
 * The tables whose missing statistics matter: with all of them small, nothing that is stored is
 * chosen by a cost.
 */
export const unanalyzed = (db: Db, tables: readonly number[]): Promise<readonly Unanalyzed[]> =>
  db.query<Unanalyzed>(
    `WITH RECURSIVE tree AS (
       SELECT t.oid AS root, t.oid AS relid FROM unnest($1::oid[]) AS t (oid)
       UNION
       SELECT t.root, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relid
     ), largest AS (
       SELECT max(s.size) AS size
       FROM (SELECT sum(pg_relation_size(t.relid)) AS size FROM tree t GROUP BY t.root) s
     )
     SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
       ${MAY_ANALYZE} AS "mayAnalyze"
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, largest l
     WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p', 'm') AND ${LACKS_STATISTICS}
       AND l.size >= ${LARGE_PAGES} * current_setting('block_size')::integer
     ORDER BY 1`,
    [`{${tables.join(',')}}`],
  );

/**
 * ANALYZE of these, each in a transaction of its own. Writers and readers do not wait for it. A
 * table is left out where VACUUM or DDL has locked it or one of its partitions, for which ANALYZE
 * would wait (PostgreSQL, "ANALYZE", SKIP_LOCKED), and where it fails. Returns those that have been
 * analyzed.
 */
export async function analyze(db: Db, names: readonly string[]): Promise<readonly string[]> {
  const analyzed: string[] = [];
  for (const name of names) {
    try {
      await withShortLock(db, () => db.execute(`ANALYZE ${name}`), undefined, { attempts: 1 });
      analyzed.push(name);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  return analyzed;
}
