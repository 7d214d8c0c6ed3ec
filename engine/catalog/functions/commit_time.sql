CREATE OR REPLACE FUNCTION imat_catalog.commit_time(id xid) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN current_setting('track_commit_timestamp') = 'on' AND id::text::bigint >= 3
    THEN pg_xact_commit_timestamp(id) END
$$;

COMMENT ON FUNCTION imat_catalog.commit_time(xid) IS
  'Returns when a transaction committed; NULL where the server does not know it.';
