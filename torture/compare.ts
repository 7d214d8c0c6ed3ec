/**
 * The oracle: the user's definition, run by PostgreSQL in the same statement, as a plain view in
 * the schema `oracle`, because a view follows renames. Rows are compared by their text, so that
 * 1.0 and 1.00 differ.
 */
import type { Definition } from './definitions.ts';
import { CHANGES } from './schema.ts';
import type { Session } from './session.ts';

export type Difference = { readonly name: string; readonly rows: readonly string[] };

export const oracleOf = ({ name, query }: { name: string; query: string }): string =>
  `CREATE VIEW oracle.${name} AS ${query}`;

const comparison = (name: string): string => `
  SELECT 'imat ' || v AS row
  FROM (SELECT q::text FROM imat.${name} AS q EXCEPT ALL SELECT q::text FROM oracle.${name} AS q)
    AS x(v)
  UNION ALL
  SELECT 'definition ' || v
  FROM (SELECT q::text FROM oracle.${name} AS q EXCEPT ALL SELECT q::text FROM imat.${name} AS q)
    AS x(v)
  LIMIT 10`;

/**
 * What PostgreSQL takes as it is now, whatever the snapshot: in which partitions it looks, how it
 * prints values of an enum, and how often either was changed so that it can be as before.
 */
const NOW = `SELECT concat_ws(' ', enum_range(NULL::public.mood),
    (SELECT last_value FROM public.${CHANGES}),
    string_agg(t.relid::oid::text, ' ' ORDER BY t.relid::oid)) AS list
  FROM pg_class c, pg_partition_tree(c.oid) t
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'p' AND NOT c.relispartition`;

/**
 * In which tables that inherit it looks is said by plans alone: `pg_inherits` is read by the
 * snapshot, and there is no function for them as there is for partitions.
 */
const planOf = (name: string): string => `EXPLAIN (COSTS OFF) TABLE oracle.${name}`;

/**
 * Whether a table that a definition reads, or a partition of one, was truncated or rewritten after
 * the snapshot was taken, which locks on the root do not keep from a partition that has come since.
 * PostgreSQL reads it as empty then; an imat that reads that table alone may still show its rows
 * (docs/limits.md). One that joins it must show what the definition does.
 */
const isTruncated = (name: string): string => `
  WITH RECURSIVE reads AS (
    SELECT 'oracle.${name}'::regclass::oid AS oid
    UNION
    SELECT n.oid
    FROM reads r, LATERAL (
      SELECT d.refobjid AS oid
      FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        AND d.refclassid = 'pg_class'::regclass
      WHERE w.ev_class = r.oid
      UNION ALL
      SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.oid
    ) n
  )
  SELECT count(*) AS n
  FROM pg_class c
  WHERE c.relkind = 'r' AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
    AND (c.oid IN (SELECT oid FROM reads)
      OR c.oid IN (SELECT t.relid FROM reads r, pg_partition_tree(r.oid) t))`;

const readsOneTable = ({ query }: Definition): boolean =>
  (query.match(/\bpublic\.\w/g) ?? []).length === 1;

/**
 * In the transaction under way, if any. Partitions and heirs that come or go and values that are
 * renamed meanwhile are no difference: PostgreSQL plans each of the two queries with the list of
 * that moment, and executes while there is another one. Then it is repeated.
 */
export async function compare(
  session: Session,
  definition: Definition,
): Promise<Difference | null> {
  const { name } = definition;
  const now = async (): Promise<string> =>
    JSON.stringify([await session.sql(NOW, false), await session.sql(planOf(name), false)]);
  for (;;) {
    const before = await now();
    const rows = await session.sql(comparison(name), false);
    if (rows.length === 0) return null;
    if (
      readsOneTable(definition) &&
      (await session.sql(isTruncated(name), false))[0]?.['n'] !== '0'
    )
      return null;
    if (before === (await now())) return { name, rows: rows.map((row) => row['row'] ?? '') };
  }
}

/**
 * Names of the tables to lock before a snapshot is taken: TRUNCATE, a rewrite and DETACH are not
 * MVCC in PostgreSQL.
 */
export async function tablesToLock(session: Session): Promise<string> {
  const rows = await session.sql(
    `SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname) AS names
     FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND c.relname !~ '_guest$'`,
    false,
  );
  return rows[0]?.['names'] ?? '';
}

/** What the answer of an imat depends on, as the snapshot of the transaction has it. */
export async function evidenceOf(session: Session, name: string): Promise<string> {
  const lines: string[] = [];
  const ask = async (what: string, query: string): Promise<Record<string, string | null>[]> => {
    const rows = await session
      .sql(query, false)
      .catch((error: unknown) => [{ error: String(error) }]);
    lines.push(what, ...rows.map((row) => `  ${JSON.stringify(row)}`));
    return rows;
  };
  const ofImat = `(SELECT i.id FROM imat_catalog.imat i WHERE i.name = '${name}')`;
  const sources = `(SELECT z.relation FROM imat_catalog.imat_source z WHERE z.imat_id = ${ofImat})`;
  await ask('snapshot', 'SELECT pg_current_snapshot(), pg_current_xact_id_if_assigned()');
  await ask('frontier', `SELECT * FROM imat_catalog.frontier WHERE imat_id = ${ofImat}`);
  await ask('partitions', 'SELECT *, xmin FROM pg_inherits ORDER BY 1');
  await ask(
    'resets',
    `SELECT * FROM imat_store.reset WHERE relation IN (SELECT * FROM ${sources} s)`,
  );
  const rows = await ask(
    'sources',
    `SELECT log::text AS log, relation, relation::oid AS oid, parts, xmin FROM imat_catalog.source
     WHERE relation IN (SELECT * FROM ${sources} s)`,
  );
  for (const { log } of rows)
    await ask(`log ${log}`, `SELECT * FROM ${log} ORDER BY xid LIMIT 500`);
  for (const { relation } of rows)
    await ask(
      `rows of ${relation}`,
      `SELECT tableoid::regclass AS part, xmin, * FROM ${relation} LIMIT 500`,
    );
  const stores = await ask(
    'stores',
    `SELECT c.oid::regclass::text AS relation FROM pg_class c
     WHERE c.relnamespace = 'imat_store'::regnamespace
       AND c.relname ~ '^(state|live|delta)[0-9]*_${name}$' ORDER BY 1`,
  );
  for (const { relation } of stores) await ask(`rows of ${relation}`, `TABLE ${relation}`);
  await ask('other frontiers', 'SELECT imat_id, snapshot, advanced_at FROM imat_catalog.frontier');
  await ask('imats', 'SELECT id, name, state, broken, broken_at FROM imat_catalog.imat');
  await ask('runs', 'SELECT * FROM imat_catalog.history ORDER BY 1 DESC LIMIT 30');
  return lines.join('\n');
}
