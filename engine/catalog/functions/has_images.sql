CREATE OR REPLACE FUNCTION imat_catalog.has_images() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM imat_catalog.schema_image i WHERE i.here)
    AND EXISTS (SELECT FROM imat_catalog.schema_comparison c
      WHERE c.cluster = imat_catalog.cluster())
$$;

COMMENT ON FUNCTION imat_catalog.has_images() IS
  'Returns whether the schema history has images of objects of this database: a restore and '
  'pg_upgrade give objects other OIDs.';
