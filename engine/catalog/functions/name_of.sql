CREATE OR REPLACE FUNCTION imat_catalog.name_of(relation oid, noted text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid = relation), noted)
$$;

COMMENT ON FUNCTION imat_catalog.name_of(oid, text) IS
  'Returns the qualified name of a relation; the noted one if there is no such relation.';
