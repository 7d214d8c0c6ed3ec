CREATE OR REPLACE FUNCTION imat_catalog.path_within(function oid, schemas name[]) RETURNS name[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN strpos(lower(p.prosrc), 'search_path') > 0 THEN NULL
    ELSE coalesce((
      SELECT imat_catalog.schemas_in(substr(c.setting, length('search_path=') + 1))
      FROM unnest(p.proconfig) c(setting) WHERE c.setting LIKE E'search\\_path=%'), schemas) END
  FROM pg_proc p WHERE p.oid = function
$$;

COMMENT ON FUNCTION imat_catalog.path_within(oid, name[]) IS
  'Returns the schemas in which a function may find names without a schema: empty for those of '
  'the session, NULL for any. schemas: those of what calls it.';
