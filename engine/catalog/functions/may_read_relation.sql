CREATE OR REPLACE FUNCTION imat_catalog.may_read_relation(role oid, relation oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT CASE c.relkind WHEN 'S' THEN has_sequence_privilege(role, c.oid, 'SELECT')
    ELSE has_table_privilege(role, c.oid, 'SELECT') END
    FROM pg_catalog.pg_class c WHERE c.oid = relation), false)
$$;

COMMENT ON FUNCTION imat_catalog.may_read_relation(oid, oid) IS
  'Returns true if the role has SELECT on a table, view or sequence.';
