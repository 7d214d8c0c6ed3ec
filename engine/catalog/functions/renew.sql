CREATE OR REPLACE FUNCTION imat_catalog.renew(units integer[], holder text,
  lease_ms integer) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE imat_catalog.schedule s SET lease_until = n.until,
    next_attempt_at = CASE WHEN s.begun_at IS NULL THEN s.next_attempt_at
      ELSE s.next_attempt_at + (n.until - s.lease_until) END
  FROM (SELECT clock_timestamp() + lease_ms * interval '1 ms' AS until) n
  WHERE s.worker = holder AND s.imat_id = ANY (units) AND s.lease_until IS NOT NULL;
  UPDATE imat_catalog.request q
    SET lease_until = n.until, next_attempt_at = q.next_attempt_at + (n.until - q.lease_until)
  FROM (SELECT clock_timestamp() + lease_ms * interval '1 ms' AS until) n
  WHERE q.worker = holder AND q.carried_out_at IS NULL AND 0 = ANY (units)
    AND q.lease_until IS NOT NULL;
$$;

COMMENT ON FUNCTION imat_catalog.renew(integer[], text, integer) IS
  'Extends the leases of a worker. The next attempt after a cut-off moves by the same time.';
