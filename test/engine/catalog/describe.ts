/**
 * Describes the catalog of a database as readable SQL: schemas, tables, routines and views, their
 * comments and rights. It leaves out what differs between servers and clusters: OIDs, owners, and
 * the text of bodies, which is in engine/catalog/functions. All servers print the same.
 */
import type { Db } from '../../../engine/db/db.ts';

const SCHEMAS = `('imat', 'imat_catalog', 'imat_store')`;

/** Rights of roles other than the owner, as GRANT statements. */
const grants = (acl: string, target: string): string => `
  (SELECT string_agg(format(E'GRANT %s ON %s TO %s;\\n', a.privilege_type, ${target},
     CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END), ''
     ORDER BY a.grantee, a.privilege_type)
   FROM aclexplode(${acl}) a WHERE a.grantee <> a.grantor)`;

const comment = (kind: string, name: string, text: string): string =>
  `coalesce(format(E'COMMENT ON ${kind} %s IS\\n  %L;\\n', ${name}, ${text}), '')`;

const SCHEMA = `
  SELECT format(E'CREATE SCHEMA %I;\\n', n.nspname)
    || ${comment('SCHEMA', 'n.nspname', `obj_description(n.oid, 'pg_namespace')`)}
    || coalesce(${grants('n.nspacl', `format('SCHEMA %I', n.nspname)`)}, '') AS text
  FROM pg_namespace n WHERE n.nspname IN ${SCHEMAS} ORDER BY n.nspname`;

const COLUMNS = `
  SELECT '  ' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
    || CASE WHEN a.attgenerated = 's'
         THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
         ELSE coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS line, a.attnum AS place
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

// From PostgreSQL 18 on, NOT NULL is a constraint with a name; the columns show it.
const CONSTRAINTS = `
  SELECT '  CONSTRAINT ' || quote_ident(o.conname) || ' ' || pg_get_constraintdef(o.oid) AS line,
    1000 + row_number() OVER (ORDER BY o.contype, o.conname) AS place
  FROM pg_constraint o WHERE o.conrelid = c.oid AND o.contype <> 'n'`;

const TABLES = `
  SELECT format(E'CREATE TABLE %s (\\n', c.oid::regclass)
    || (SELECT string_agg(l.line, E',\\n' ORDER BY l.place)
        FROM (${COLUMNS} UNION ALL ${CONSTRAINTS}) l)
    || E'\\n)' || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') || E';\\n'
    || coalesce((SELECT string_agg(pg_get_indexdef(x.indexrelid) || E';\\n', '' ORDER BY i.relname)
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
         WHERE x.indrelid = c.oid
           AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.oid)), '')
    || ${comment('TABLE', 'c.oid::regclass', `obj_description(c.oid, 'pg_class')`)}
    || coalesce(${grants('c.relacl', 'c.oid::regclass')}, '') AS text
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ${SCHEMAS}
  ORDER BY c.oid::regclass::text COLLATE "C"`;

const ROUTINES = `
  SELECT format(
    E'CREATE %s %I.%I(%s)', r.kind, n.nspname, p.proname, pg_get_function_arguments(p.oid)
  )
    || CASE WHEN p.prokind = 'p' THEN '' ELSE E'\\n  RETURNS ' || pg_get_function_result(p.oid) END
    || E'\\n  LANGUAGE ' || l.lanname
    || CASE WHEN p.prokind = 'p' THEN '' ELSE
         CASE p.provolatile WHEN 'i' THEN ' IMMUTABLE' WHEN 's' THEN ' STABLE' ELSE ' VOLATILE' END
         || CASE p.proparallel WHEN 's' THEN ' PARALLEL SAFE' WHEN 'r' THEN ' PARALLEL RESTRICTED'
              ELSE '' END
         || CASE WHEN p.proisstrict THEN ' STRICT' ELSE '' END END
    || CASE WHEN p.prosecdef THEN ' SECURITY DEFINER' ELSE '' END
    || coalesce((SELECT string_agg(E'\\n  SET ' || u.setting, '' ORDER BY u.place)
         FROM unnest(p.proconfig) WITH ORDINALITY u(setting, place)), '')
    || E';\\n'
    || ${comment('%s', `r.kind, p.oid::regprocedure`, `obj_description(p.oid, 'pg_proc')`)}
    || coalesce(${grants(
      `coalesce(p.proacl, acldefault('f', p.proowner))`,
      `format('%s %s', r.kind, p.oid::regprocedure)`,
    )}, '') AS text
  FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_language l ON l.oid = p.prolang
    CROSS JOIN LATERAL (
      SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind) r
  WHERE n.nspname IN ${SCHEMAS}
  ORDER BY p.oid::regprocedure::text COLLATE "C"`;

const VIEWS = `
  SELECT format(E'-- VIEW %s (\\n', c.oid::regclass)
    || (SELECT string_agg(
            format('--   %I %s', a.attname, format_type(a.atttypid, a.atttypmod)), E',\\n'
            ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)
    || E'\\n-- );\\n'
    || ${comment('VIEW', 'c.oid::regclass', `obj_description(c.oid, 'pg_class')`)}
    || coalesce(${grants('c.relacl', 'c.oid::regclass')}, '') AS text
  FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text IN ${SCHEMAS}
  ORDER BY c.oid::regclass::text COLLATE "C"`;

const HEADER =
  '-- The catalog as a fresh install leaves it. Never run: test/engine/catalog/schema.pg.test.ts ' +
  `writes
-- and compares it. Bodies of routines and views are in functions/.
`;

/** The session's search_path is pg_catalog, so that all other names come qualified. */
export async function describeCatalog(db: Db): Promise<string> {
  const parts: string[] = [];
  for (const query of [SCHEMA, TABLES, ROUTINES, VIEWS]) {
    const rows = await db.query<{ text: string }>(query);
    parts.push(...rows.map((row) => row.text));
  }
  return [HEADER, ...parts].join('\n');
}
