-- With --replace, users grant on the view in the materialized view's place.
CREATE OR REPLACE FUNCTION imat_catalog.granted_like(imat integer) RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.oid FROM imat_catalog.imat i
    JOIN pg_class c ON c.oid = coalesce(i.replacement::oid, i.original::oid)
  WHERE i.id = imat
$$;

COMMENT ON FUNCTION imat_catalog.granted_like(integer) IS
  'Returns the relation whose readers may read the imat; NULL if there is none.';
