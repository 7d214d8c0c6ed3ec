CREATE OR REPLACE FUNCTION imat_catalog.lease_request(candidate text, lease_ms integer,
  first_ms integer, most_ms integer)
RETURNS TABLE (id bigint, name text, attempts integer)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE imat_catalog.request q
    SET worker = candidate, lease_until = clock_timestamp() + lease_ms * interval '1 ms',
      attempts = q.attempts + 1,
    next_attempt_at = clock_timestamp() + LEAST(most_ms,
      first_ms * 2.0 ^ LEAST(q.attempts, 20)) * interval '1 ms',
    error_code = CASE WHEN q.lease_until IS NULL THEN q.error_code ELSE 'IM015' END,
    error = CASE WHEN q.lease_until IS NULL THEN q.error ELSE imat_catalog.cut_off_message() END,
    error_detail = CASE WHEN q.lease_until IS NULL THEN q.error_detail END, error_hint = CASE
      WHEN q.lease_until IS NULL THEN q.error_hint END
  WHERE q.id = (
    SELECT o.id FROM imat_catalog.request o
    WHERE o.carried_out_at IS NULL AND coalesce(o.next_attempt_at <= clock_timestamp(), true)
      AND imat_catalog.is_leased(o.lease_until, o.worker) IS NOT TRUE
    ORDER BY o.id LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  RETURNING q.id, q.name, q.attempts
$$;

COMMENT ON FUNCTION imat_catalog.lease_request(text, integer, integer, integer) IS
  'Leases the oldest open request to a worker and returns it; notes the attempt as '
  'begin_attempt does.';
