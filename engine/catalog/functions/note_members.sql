-- A dump has names, and its restore looks them up: of a table that was dropped, its name would mean
-- another one that has got it. What another session has locked is left to the next call.
CREATE OR REPLACE FUNCTION imat_catalog.note_members() RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH stale AS MATERIALIZED (
    SELECT g.id, coalesce(r.rolname, o.rolname) AS name
    FROM imat_catalog.change_group g
      LEFT JOIN pg_roles r ON r.oid = g.owner
      JOIN pg_roles o ON o.rolname = current_user
    WHERE g.owner_text <> quote_ident(coalesce(r.rolname, o.rolname))
    FOR NO KEY UPDATE OF g SKIP LOCKED
  )
  UPDATE imat_catalog.change_group g SET owner_text = quote_ident(s.name)
  FROM stale s WHERE s.id = g.id;

  WITH stale AS MATERIALIZED (
    SELECT c.id, k.oid::regclass::text AS name
    FROM imat_catalog.counted c LEFT JOIN pg_class k ON k.oid = c.relation
    WHERE c.relation IS NOT NULL AND c.relation_text IS DISTINCT FROM k.oid::regclass::text
    FOR UPDATE OF c SKIP LOCKED
  )
  UPDATE imat_catalog.counted c SET relation_text = s.name FROM stale s WHERE s.id = c.id;

  WITH stale AS MATERIALIZED (
    SELECT m.id, k.oid::regclass::text AS name, n.nspname, k.relname
    FROM imat_catalog.member m LEFT JOIN pg_class k ON k.oid = m.relation
      LEFT JOIN pg_namespace n ON n.oid = k.relnamespace
    WHERE m.relation IS NOT NULL AND m.relation_text IS DISTINCT FROM k.oid::regclass::text
    FOR NO KEY UPDATE OF m SKIP LOCKED
  )
  UPDATE imat_catalog.member m SET relation_text = s.name,
    schema_name = coalesce(s.nspname, m.schema_name),
    relation_name = coalesce(s.relname, m.relation_name)
  FROM stale s WHERE s.id = m.id;
$$;

COMMENT ON FUNCTION imat_catalog.note_members() IS
  'Notes the names that the tables and sequences of groups have now, that some have been dropped, '
  'and who owns the groups.';
