/** Functions as the catalog declares them. */
import type { Db } from '../db/db.ts';

export type FunctionRow = {
  oid: number;
  version: string;
  schema: string;
  name: string;
  signature: string;
  kind: string;
  volatility: string;
  returns_set: boolean;
  trusted: boolean;
  parallel_unsafe: boolean;
  /** That it belongs to. */
  extension: string | null;
  operator: string | null;
  operator_signature: string | null;
};

export async function loadFunctions(
  db: Db,
  oids: readonly number[],
): Promise<Map<number, FunctionRow>> {
  const rows = await db.query<FunctionRow>(
    `SELECT p.oid, p.xmin::text AS version, n.nspname::text AS schema, p.proname::text AS name,
       p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS signature,
       p.prokind::text AS kind, p.provolatile::text AS volatility, p.proretset AS returns_set,
       p.proparallel = 'u' AS parallel_unsafe,
       (SELECT e.extname::text FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
          AND d.refclassid = 'pg_extension'::regclass) AS extension,
       coalesce(r.rolsuper, false) AS trusted, o.operator, o.operator_signature
     FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     LEFT JOIN pg_roles r ON r.oid = p.proowner
     LEFT JOIN LATERAL (
       SELECT o.oprname::text AS operator,
         concat_ws(' ', format_type(nullif(o.oprleft, 0), NULL), o.oprname,
           format_type(o.oprright, NULL)) AS operator_signature
       FROM pg_operator o WHERE o.oprcode = p.oid ORDER BY o.oid LIMIT 1
     ) o ON true
     WHERE p.oid = ANY ($1::oid[]) ORDER BY p.oid`,
    [`{${[...new Set(oids)].join(',')}}`],
  );
  return new Map(rows.map((row) => [row.oid, row]));
}
