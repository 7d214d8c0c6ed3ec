CREATE OR REPLACE FUNCTION imat_catalog.schemas_in(path text) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(
    SELECT n.oid FROM pg_namespace n
    WHERE n.nspname = 'pg_catalog' OR n.nspname IN (
      SELECT imat_catalog.as_identifier(e[1])
      FROM regexp_matches(path, '"(?:[^"]|"")+"|[^",[:space:]]+', 'g') e)
      -- Whoever runs it.
      OR path LIKE '%$user%' AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname = n.nspname)
    ORDER BY n.oid)
$$;

COMMENT ON FUNCTION imat_catalog.schemas_in(text) IS
  'Returns the schemas in which a search_path may find names, in no order.';
