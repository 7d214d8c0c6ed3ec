CREATE OR REPLACE FUNCTION imat_catalog.try_finish_swap(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM imat_catalog.imat i WHERE i.id = imat FOR NO KEY UPDATE NOWAIT;
  RETURN FOUND AND imat_catalog.finish_swap(imat, '0');
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.try_finish_swap(integer) IS
  'Calls finish_swap if no other session works on the imat; returns false instead of waiting.';
