-- The body is bound when it is created, so that the planner can inline it under any search_path.
-- For a holder that has not registered, the limit is one hour, the longest that --lease allows.
CREATE OR REPLACE FUNCTION imat_catalog.is_leased(until timestamptz, holder text) RETURNS boolean
LANGUAGE sql STRICT
RETURN until > clock_timestamp()
  AND until <= clock_timestamp() + interval '1 s' + coalesce((SELECT w.lease_ms
    FROM imat_catalog.worker w WHERE w.id = holder), 3600000) * interval '1 ms';

COMMENT ON FUNCTION imat_catalog.is_leased(timestamptz, text) IS
  'Returns true if a lease is still held. A lease that has more time left than its holder''s '
  'leases last came from the clock of another server and does not count.';
