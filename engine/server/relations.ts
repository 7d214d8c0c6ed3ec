/**
 * What the catalog says of a view: its definition, its columns and the relations it reads, ordinary
 * views followed to their tables.
 */
import { catalogIsReadable } from '../catalog/trust.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from '../db/db.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import { loadColumns } from './columns.ts';
import { partsOf } from './parts.ts';
import { viewText } from './view-text.ts';
import { isSecurityInvoker, policiesApply } from './row-security.ts';

export type RelationKind = 'table' | 'view' | 'materialized view' | 'foreign table' | 'other';

export type ReadRelation = SourceFacts & {
  readonly kind: RelationKind;
  /** Why changes of it cannot be captured; null where they can. */
  readonly unwatchable: string | null;
  readonly rowSecurity: boolean;
  /** Whether its policies apply to the role that converts, or to its own owner. */
  readonly hidesRows: boolean;
  /** The OID of the role that owns it. */
  readonly owner: number;
  /** For an imat's own view: the sources of that imat, which stand for it. */
  readonly imatId: number | null;
};

export type Inspection = {
  readonly definition: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The relations that the definition names, by OID. */
  readonly direct: readonly ReadRelation[];
  /** All relations at the bottom, and the ordinary views on the way. */
  readonly all: readonly ReadRelation[];
  readonly views: readonly number[];
};

/** System catalogs are not in pg_depend: only the parse tree names them. */
const READ_SQL = `
SELECT d.refobjid AS oid, d.refobjsubid AS attnum
FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
WHERE r.ev_class = ANY ($1::oid[])
  AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid <> r.ev_class
UNION
SELECT m[1]::oid, 0
FROM pg_rewrite r, regexp_matches(r.ev_action::text, ':relid ([0-9]+)', 'g') m
WHERE r.ev_class = ANY ($1::oid[]) AND m[1]::oid BETWEEN 1 AND 16383`;

/**
 * pg_partition_tree would lock the partitions, in another order than others do. `p`: those of the
 * parts that cannot be captured.
 */
const RELATION_SQL = `
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
  c.relpersistence::text AS persistence, c.relrowsecurity AS row_security,
  row_security_active(c.oid) OR c.relrowsecurity AND EXISTS (
    SELECT FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass
        AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
      JOIN pg_class v ON v.oid = w.ev_class JOIN pg_roles o ON o.oid = v.relowner
    WHERE v.oid = ANY ($2::oid[]) AND ${policiesApply('o', 'c')}
      AND NOT ${isSecurityInvoker('v')}
  ) AS is_filtered, c.relowner AS owner,
  -- As imat_catalog.hides_rows has it, which notices that it has become so.
  c.relrowsecurity AND EXISTS (
    SELECT FROM pg_roles r
    WHERE (r.rolname = current_user OR r.oid = c.relowner) AND ${policiesApply('r', 'c')}
  ) AS hides_rows, c.relispartition AS is_partition,
  EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS is_child,
  CASE WHEN has_table_privilege('pg_subscription_rel', 'SELECT')
    THEN EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid)
    ELSE false END AS is_subscribed,
  c.oid < 16384 AS is_system, p.foreign_part, p.unlogged_part, p.subscribed_part,
  p.temporary_part, p.other_part, p.owned_part
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    WITH RECURSIVE tree AS (
      SELECT c.oid AS relid
      UNION
      SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relid
        JOIN pg_class l ON l.oid = i.inhrelid
      WHERE l.relpersistence <> 't' OR NOT pg_is_other_temp_schema(l.relnamespace)
    )
    SELECT min(t.relid::regclass::text) FILTER (WHERE l.relkind = 'f') AS foreign_part,
      min(t.relid::regclass::text) FILTER (WHERE l.relpersistence = 'u') AS unlogged_part,
      min(t.relid::regclass::text) FILTER (WHERE l.relpersistence = 't' AND t.relid <> c.oid)
        AS temporary_part,
      min(t.relid::regclass::text) FILTER (WHERE t.relid <> c.oid AND EXISTS (
        SELECT FROM pg_inherits o
        WHERE o.inhrelid = t.relid AND o.inhparent NOT IN (SELECT u.relid FROM tree u)
      )) AS other_part,
      min(t.relid::regclass::text) FILTER (WHERE t.relid <> c.oid AND EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_namespace'::regclass AND d.objid = l.relnamespace
          AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      )) AS owned_part,
      CASE WHEN has_table_privilege('pg_subscription_rel', 'SELECT') THEN (
        SELECT min(s.srrelid::regclass::text)
        FROM pg_subscription_rel s
        WHERE s.srrelid = ANY (array_agg(t.relid))
      ) END AS subscribed_part
    FROM tree t JOIN pg_class l ON l.oid = t.relid
  ) p ON c.relkind = 'p'
    OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
WHERE c.oid = ANY ($1::oid[])
  -- A composite type whose fields are read is no source.
  AND c.relkind <> 'c'`;

type RelationRow = {
  oid: number;
  schema: string;
  name: string;
  kind: string;
  persistence: string;
  row_security: boolean;
  /**
   * By policies that apply to this role, which the imat's views will run as, or to the owner of a
   * view that reads it.
   */
  is_filtered: boolean;
  owner: number;
  hides_rows: boolean;
  is_partition: boolean;
  is_child: boolean;
  is_subscribed: boolean;
  is_system: boolean;
  /** Names of parts whose changes cannot be captured. */
  foreign_part: string | null;
  unlogged_part: string | null;
  subscribed_part: string | null;
  temporary_part: string | null;
  /** One that inherits from a table outside as well. */
  other_part: string | null;
  /** One in a schema of an extension, which may write to it by other ways than statements. */
  owned_part: string | null;
};

export async function inspectView(db: Db, oid: number): Promise<Inspection> {
  const definition = await viewText(db, oid);
  const { direct, all, views } = await relationsOf(db, oid);
  const columns = await loadColumns(db, [oid, ...all.map((relation) => relation.oid)]);
  const withColumns = (relation: Uncolumned): ReadRelation => ({
    ...relation,
    columns: columns.get(relation.oid) ?? [],
  });
  return {
    definition,
    columns: (columns.get(oid) ?? []).map(({ name, type }) => ({ name, type })),
    direct: direct.map(withColumns),
    all: all.map(withColumns),
    views,
  };
}

type Relations = {
  readonly direct: readonly Uncolumned[];
  readonly all: readonly Uncolumned[];
  readonly views: readonly number[];
};

/** What `Inspection` says of relations, without their columns. */
export async function relationsOf(db: Db, oid: number): Promise<Relations> {
  const imats = await imatViews(db);
  const direct = await readBy(db, [oid], imats);
  const all = new Map(direct.map((relation) => [relation.oid, relation]));
  const views = [oid];
  let front = direct.filter(isExpandable);
  while (front.length > 0) {
    views.push(...front.map((relation) => relation.oid));
    const next = await readBy(
      db,
      front.map((relation) => relation.oid),
      imats,
    );
    front = [];
    for (const relation of next) {
      const known = all.get(relation.oid);
      all.set(relation.oid, known === undefined ? relation : merged(known, relation));
      if (known === undefined && isExpandable(relation)) front.push(relation);
    }
  }
  return { direct, all: [...all.values()], views };
}

/** Before the columns of all are read in one query. */
type Uncolumned = Omit<ReadRelation, 'columns'>;

const isExpandable = (relation: Uncolumned): boolean =>
  relation.kind === 'view' && relation.imatId === null;

/** What two views, or levels of views, read of the same relation. */
const merged = (known: Uncolumned, other: Uncolumned): Uncolumned => ({
  ...other,
  used: union(known.used, other.used),
  unwatchable: known.unwatchable ?? other.unwatchable,
});

const union = (
  a: readonly number[] | null,
  b: readonly number[] | null,
): readonly number[] | null =>
  a === null || b === null ? null : [...new Set([...a, ...b])].sort((x, y) => x - y);

async function readBy(
  db: Db,
  views: readonly number[],
  imats: ReadonlyMap<number, number>,
): Promise<Uncolumned[]> {
  const reads = await db.query<{ oid: number; attnum: number }>(READ_SQL, [`{${views.join(',')}}`]);
  const used = new Map<number, number[]>();
  for (const { oid, attnum } of reads) used.set(oid, [...(used.get(oid) ?? []), attnum]);
  const oids = [...used.keys()].sort((a, b) => a - b);
  if (oids.length === 0) return [];
  const rows = await db.query<RelationRow>(RELATION_SQL, [
    `{${oids.join(',')}}`,
    `{${views.join(',')}}`,
  ]);
  const parts = await partsOf(db, oids);
  // pg_depend does not tell a whole-row reference from none; the parse tree does.
  const [found] = await db.query<{ wholeRow: boolean; constraint: boolean }>(
    `SELECT coalesce(bool_or(r.ev_action::text LIKE '%:varattno 0 %'), false) AS "wholeRow",
       coalesce(bool_or(EXISTS (SELECT FROM pg_depend d
         WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
           AND d.refclassid = 'pg_constraint'::regclass)), false) AS constraint
     FROM pg_rewrite r
     WHERE r.ev_class = ANY ($1::oid[])`,
    [`{${views.join(',')}}`],
  );
  if (found?.constraint === true) await refuseUndetermined(db, views);
  return rows
    .map((row): Uncolumned => {
      const attnums = (used.get(row.oid) ?? []).filter((attnum) => attnum !== 0);
      const imatId = imats.get(row.oid) ?? null;
      return {
        oid: row.oid,
        schema: row.schema,
        name: row.name,
        kind: KINDS[row.kind] ?? 'other',
        parts: parts.get(row.oid) ?? null,
        // A system column (ctid, xmin) changes without any column changing: only the row as a whole
        // stands for it.
        used:
          found?.wholeRow === true || attnums.some((attnum) => attnum < 0)
            ? null
            : attnums.sort((a, b) => a - b),
        unwatchable: imatId === null ? unwatchable(row) : null,
        rowSecurity: row.row_security,
        hidesRows: row.hides_rows,
        owner: row.owner,
        imatId,
      };
    })
    .sort((a, b) => a.oid - b.oid);
}

/**
 * GROUP BY a primary key determines the other columns of the table. Tables that inherit from it can
 * have the same key again, and then PostgreSQL takes them from any of the rows. @throws ImatError
 * `unsupported_source`
 */
async function refuseUndetermined(db: Db, views: readonly number[]): Promise<void> {
  const [found] = await db.query<{ name: string }>(
    `SELECT t.oid::regclass::text AS name
     FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
       JOIN pg_constraint c ON d.refclassid = 'pg_constraint'::regclass AND c.oid = d.refobjid
       JOIN pg_class t ON t.oid = c.conrelid AND t.relkind = 'r'
     WHERE r.ev_class = ANY ($1::oid[])
       AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = t.oid)
     ORDER BY 1 LIMIT 1`,
    [`{${views.join(',')}}`],
  );
  if (found === undefined) return;
  throw new ImatError('unsupported_source', {
    message: `GROUP BY the primary key of ${found.name} does not determine its other columns`,
    detail: 'Tables that inherit from it can have rows with the same key.',
    hint: 'Write the other columns in GROUP BY as well. Nothing was installed.',
  });
}

const KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

function unwatchable(row: RelationRow): string | null {
  const name = `"${row.schema}.${row.name}"`;
  if (row.persistence === 't') {
    throw new ImatError('unsupported_source', {
      message: `source ${name} is temporary`,
      detail: 'No other session can see it, and it goes with this one.',
      hint: 'Read an ordinary table.',
    });
  }
  refuseParts(row);
  if (row.kind === 'm')
    return (
      `materialized view ${name} is read as it was refreshed last, ` +
      'and changes without firing triggers'
    );
  if (row.kind === 'f')
    return `foreign table ${name} can change on the other server without notice`;
  if (row.is_system) return `system catalog ${name} cannot have triggers`;
  if (row.kind === 'v') return null;
  if (row.kind !== 'r' && row.kind !== 'p') return `${name} is not a table`;
  if (row.is_filtered)
    return `table ${name} has row security, and what its policies depend on cannot be known`;
  if (row.unlogged_part !== null)
    return (
      `table ${row.unlogged_part}, a part of table ${name}, is unlogged: ` +
      'it loses its rows in a crash without firing triggers'
    );
  if (row.subscribed_part !== null)
    return (
      `table ${row.subscribed_part}, a part of table ${name}, is filled by a logical replication ` +
      'subscription, which does not fire statement triggers'
    );
  if (row.persistence === 'u')
    return `unlogged table ${name} loses its rows in a crash without firing triggers`;
  if (row.is_subscribed)
    return (
      `table ${name} is filled by a logical replication subscription, ` +
      'which does not fire statement triggers'
    );
  return null;
}

/** @throws ImatError `unsupported_source` */
function refuseParts(row: RelationRow): void {
  if (row.is_partition) throw unsupported(row, 'a partition', IS_PARTITION);
  if (row.is_child) throw unsupported(row, 'a table that inherits from another', IS_CHILD);
  if (row.foreign_part !== null)
    throw unsupported(row, `read with ${row.foreign_part}, which is foreign`, FOREIGN_PART);
  if (row.temporary_part !== null)
    throw unsupported(row, `read with ${row.temporary_part}, which is temporary`, TEMPORARY_PART);
  if (row.other_part !== null)
    throw unsupported(
      row,
      `read with ${row.other_part}, which inherits from another table as well`,
      OTHER_PARENT,
    );
  if (row.owned_part !== null)
    throw unsupported(row, `read with ${row.owned_part}, a table of an extension`, OWNED_PART);
}

const IS_PARTITION = {
  detail: 'A statement that names the partitioned table fires no triggers of the partition.',
  hint: 'Read the partitioned table, with a condition on its partition key. Nothing was installed.',
};
const IS_CHILD = {
  detail: 'A statement that names a table above fires no triggers of this one.',
  hint:
    'Read the table at the top, with a condition that only rows of this one meet. ' +
    'Nothing was installed.',
};
const FOREIGN_PART = {
  detail: 'A foreign table can change on the other server without notice.',
  hint: 'Detach the foreign table, or read the others only. Nothing was installed.',
};
const TEMPORARY_PART = {
  detail: 'Other sessions do not see its rows, and read the others all the same.',
  hint: 'Try again in a session without that table. Nothing was installed.',
};
const OTHER_PARENT = {
  detail: 'A statement that names the other table fires no triggers of this one.',
  hint: 'Let it inherit from one of them only: ALTER TABLE ... NO INHERIT. Nothing was installed.',
};
const OWNED_PART = {
  detail: 'An extension can write to its tables without firing triggers.',
  hint: 'Read a table that belongs to no extension. Nothing was installed.',
};

function unsupported(
  row: RelationRow,
  what: string,
  why: { readonly detail: string; readonly hint: string },
): ImatError {
  return new ImatError('unsupported_source', {
    message: `source "${row.schema}.${row.name}" is ${what}`,
    ...why,
  });
}

/**
 * The views of the imats of this database: view OID -> imat id. Empty where imat is not
 * initialized, or where this role may not read the catalog.
 */
async function imatViews(db: Db): Promise<Map<number, number>> {
  if (!(await catalogIsReadable(db))) return new Map();
  const rows = await db.query<{ oid: number; id: number }>(
    `SELECT i.relation::oid AS oid, i.id FROM imat_catalog.imat i WHERE i.relation IS NOT NULL`,
  );
  return new Map(rows.map((row) => [row.oid, row.id]));
}
