CREATE OR REPLACE FUNCTION imat_catalog.release(imat integer, holder text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE imat_catalog.schedule s SET lease_until = NULL WHERE s.imat_id = imat
    AND s.worker = holder;
$$;

COMMENT ON FUNCTION imat_catalog.release(integer, text) IS
  'Ends the lease of a worker on an imat.';
