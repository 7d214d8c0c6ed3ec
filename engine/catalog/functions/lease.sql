-- An attempt whose end is not recorded counts as cut off: even the same worker asks again only
-- after it lost the lease.
CREATE OR REPLACE FUNCTION imat_catalog.lease(imat integer, candidate text,
  lease_ms integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO imat_catalog.schedule AS s (imat_id, worker, lease_until)
  SELECT i.id, candidate, clock_timestamp() + lease_ms * interval '1 ms' FROM imat_catalog.imat i
    WHERE i.id = imat
  ON CONFLICT (imat_id) DO UPDATE
    SET worker = candidate, lease_until = clock_timestamp() + lease_ms * interval '1 ms',
    begun_at = NULL, failed_at = coalesce(s.begun_at, s.failed_at),
    error_code = CASE WHEN s.begun_at IS NULL THEN s.error_code ELSE 'IM015' END,
    error = CASE WHEN s.begun_at IS NULL THEN s.error ELSE imat_catalog.cut_off_message() END,
    error_detail = CASE WHEN s.begun_at IS NULL THEN s.error_detail END, error_hint = CASE
      WHEN s.begun_at IS NULL THEN s.error_hint END
  WHERE s.worker = candidate OR imat_catalog.is_leased(s.lease_until, s.worker) IS NOT TRUE;
  RETURN FOUND;
END $$;

COMMENT ON FUNCTION imat_catalog.lease(integer, text, integer) IS
  'Leases a unit of work, named by its least imat, to a worker; returns false if another worker '
  'holds it.';
