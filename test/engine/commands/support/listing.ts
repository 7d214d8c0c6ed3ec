/**
 * Everything that a database's catalogs hold, so that "as before" can be compared rather than
 * believed.
 */
import type { Db } from '../../../../engine/db/db.ts';

/** Statistics and hints that the server itself changes at any time. */
const VOLATILE = [
  'relpages',
  'reltuples',
  'relallvisible',
  'relallfrozen',
  'relfrozenxid',
  'relminmxid',
  'relhastriggers',
  'relhasindex',
  'relhasrules',
  'indcheckxmin',
];

/** Catalogs without an OID of their own, and the column that says which object a row belongs to. */
const BY_COLUMN: Readonly<Record<string, string>> = {
  pg_attribute: 'attrelid',
  pg_index: 'indexrelid',
  pg_depend: 'objid',
  pg_description: 'objoid',
  pg_inherits: 'inhrelid',
  pg_sequence: 'seqrelid',
  pg_partitioned_table: 'partrelid',
  pg_foreign_table: 'ftrelid',
  pg_seclabel: 'objoid',
  pg_init_privs: 'objoid',
  pg_aggregate: 'aggfnoid',
  pg_subscription_rel: 'srrelid',
};

const FIRST_USER_OID = 16_384;

/**
 * One line per row of each system catalog that belongs to a user's object, OIDs, rights, comments
 * and files included, sorted. `truncated`: the test itself has truncated a table, which gives it a
 * new file.
 */
export async function catalogListing(db: Db, { truncated = false } = {}): Promise<string[]> {
  const catalogs = await db.query<{ name: string; has_oid: boolean }>(
    `SELECT c.relname::text AS name,
       EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'oid' AND a.attnum > 0
       ) AS has_oid
     FROM pg_class c
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
       AND c.relname NOT IN (
         'pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_largeobject_metadata'
       )
       ORDER BY 1`,
  );
  const left = [...VOLATILE, ...(truncated ? ['relfilenode'] : [])];
  const lists = catalogs.flatMap(({ name, has_oid }) => {
    const column = has_oid ? 'oid' : BY_COLUMN[name];
    if (column === undefined) return [];
    const own =
      name === 'pg_namespace'
        ? `t.nspname !~ '^pg_(toast_)?temp_'`
        : `t.${column}::oid >= ${FIRST_USER_OID}`;
    // A view's stored tree says where in the text of its CREATE each part stood.
    if (name === 'pg_rewrite')
      return [
        `SELECT 'pg_rewrite '
           || regexp_replace(
             (to_jsonb(t)::text), ':(location|stmt_location|stmt_len) -?\\d+', '', 'g'
           ) AS line
         FROM pg_rewrite t
         WHERE ${own}`,
      ];
    return [
      `SELECT '${name} ' || (to_jsonb(t) - '{${left.join(',')}}'::text[])::text AS line
       FROM ${name} t
       WHERE ${own}`,
    ];
  });
  const rows = await db.query<{ line: string }>(`${lists.join('\nUNION ALL\n')} ORDER BY 1`);
  return rows.map((row) => row.line);
}
