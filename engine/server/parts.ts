/** Which tables PostgreSQL reads with another one. */
import type { Parts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import { catalogIsReadable } from '../catalog/trust.ts';

/**
 * Which of these tables have partitions or inheriting tables, by OID. A source from which tables
 * inherited when it was captured counts even if none is left: the next one is captured as well.
 */
export async function partsOf(
  db: Db,
  oids: readonly number[],
): Promise<ReadonlyMap<number, Parts>> {
  const captured = (await catalogIsReadable(db))
    ? 'EXISTS (SELECT FROM imat_catalog.source s WHERE s.relation = c.oid AND s.parts IS NOT NULL)'
    : 'false';
  const rows = await db.query<{ oid: number; partitioned: boolean }>(
    `SELECT c.oid, c.relkind = 'p' AS partitioned FROM pg_class c
     WHERE c.oid = ANY ($1::oid[]) AND (c.relkind = 'p'
       OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) OR ${captured})
     ORDER BY c.oid`,
    [`{${oids.join(',')}}`],
  );
  return new Map(rows.map((row) => [row.oid, row.partitioned ? 'partitions' : 'inheritors']));
}

export type InheritingTable = {
  readonly root: number;
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
};

/** The tables that inherit from these, at every level, without those of other sessions. */
export const inheritingTables = (db: Db, oids: readonly number[]): Promise<InheritingTable[]> =>
  db.query<InheritingTable>(
    `WITH RECURSIVE tree AS (
       SELECT i.inhparent AS root, i.inhrelid AS relid
       FROM pg_inherits i JOIN pg_class r ON r.oid = i.inhparent AND r.relkind = 'r'
       WHERE i.inhparent = ANY ($1::oid[])
       UNION
       SELECT t.root, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relid
     )
     SELECT t.root, c.oid, n.nspname::text AS schema, c.relname::text AS name
     FROM tree t JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relpersistence <> 't' OR NOT pg_is_other_temp_schema(n.oid)
     ORDER BY t.root, n.nspname, c.relname`,
    [`{${oids.join(',')}}`],
  );

/** By OID of a partitioned table, its partitions that hold rows. */
export async function leavesOf(
  db: Db,
  roots: readonly number[],
): Promise<ReadonlyMap<number, readonly number[]>> {
  if (roots.length === 0) return new Map();
  const rows = await db.query<{ root: number; leaves: readonly number[] }>(
    `SELECT r.root, array_to_json(ARRAY(
       SELECT p.relid::oid::bigint FROM pg_partition_tree(r.root) p WHERE p.isleaf)) AS leaves
     FROM unnest($1::oid[]) AS r (root)`,
    [`{${[...new Set(roots)].join(',')}}`],
  );
  return new Map(rows.map(({ root, leaves }) => [root, leaves]));
}
