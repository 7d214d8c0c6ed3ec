CREATE OR REPLACE FUNCTION imat_catalog.take_turn(candidate text, lease_ms integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE imat_catalog.ticker t
    SET worker = candidate, until = clock_timestamp() + lease_ms * interval '1 ms'
  WHERE t.worker = candidate OR imat_catalog.is_leased(t.until, t.worker) IS NOT TRUE;
  RETURN FOUND;
END $$;

COMMENT ON FUNCTION imat_catalog.take_turn(text, integer) IS
  'Makes a worker the ticker, or keeps it the ticker; returns false if another worker is.';
