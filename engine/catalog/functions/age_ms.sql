-- The body is bound when it is created, so that the planner can inline it under any search_path.
CREATE OR REPLACE FUNCTION imat_catalog.age_ms(at timestamptz) RETURNS double precision
LANGUAGE sql
RETURN CASE WHEN at <= clock_timestamp() + interval '1 s'
  THEN extract(epoch FROM clock_timestamp() - at)::double precision * 1000 END;

COMMENT ON FUNCTION imat_catalog.age_ms(timestamptz) IS
  'Returns the milliseconds since a moment; NULL if the moment lies ahead, because then the '
  'clock of another server, before a failover, gave it.';
