-- The attempt counts as failed until it is recorded. Otherwise an attempt that ends its session,
-- the server or the worker would be repeated at once and forever. A finish is not counted: it runs
-- no functions of users, and finish_tried_at limits how often it runs.
CREATE OR REPLACE FUNCTION imat_catalog.begin_attempt(imat integer, holder text, what text,
  retry_ms double precision) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now_at timestamptz := clock_timestamp();
BEGIN
  UPDATE imat_catalog.schedule s SET
    finish_tried_at = CASE WHEN what = 'finish' THEN now_at ELSE s.finish_tried_at END,
    -- Failures from before the last successful fold or swap no longer count.
    attempts = CASE
      WHEN s.failed_at < (SELECT f.advanced_at FROM imat_catalog.frontier f WHERE f.imat_id = imat)
        THEN 0 ELSE s.attempts END + (what <> 'finish')::integer,
    begun_at = CASE WHEN what <> 'finish' THEN now_at END,
    next_attempt_at = CASE WHEN what = 'finish' THEN s.next_attempt_at
      ELSE now_at + retry_ms * interval '1 ms' END
  WHERE s.imat_id = imat AND s.worker = holder AND s.lease_until IS NOT NULL;
  RETURN FOUND;
END $$;

COMMENT ON FUNCTION imat_catalog.begin_attempt(integer, text, text, double precision) IS
  'Notes that an attempt begins, as if it had failed, with the time of the next one. Returns '
  'false if the worker no longer holds the lease.';
