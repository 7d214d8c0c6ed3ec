CREATE OR REPLACE FUNCTION imat_catalog.swapped_elsewhere(name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION
    USING ERRCODE = 'lock_not_available',
      MESSAGE = format('imat "%s" is being swapped by another session', name),
    HINT = 'Try again, if it must be swapped once more.';
END $$;

COMMENT ON FUNCTION imat_catalog.swapped_elsewhere(text) IS
  'Raises the error of an imat that another session is swapping.';
