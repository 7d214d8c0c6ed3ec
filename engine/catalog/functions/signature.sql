CREATE OR REPLACE FUNCTION imat_catalog.signature(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT imat_catalog.table_signature(imat) || '/' || imat_catalog.frontiers_read(imat) $$;

COMMENT ON FUNCTION imat_catalog.signature(integer) IS
  'Returns the text that tells whether an imat whose sources are not all captured has changed; '
  'NULL if nothing tells.';
