CREATE OR REPLACE FUNCTION imat_catalog.counts_too(capture oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT p.prosrc ~ '\mTG_NARGS\M.*\mINSERT INTO imat_catalog\.change_count\M'
    FROM pg_proc p WHERE p.oid = capture), false)
$$;

COMMENT ON FUNCTION imat_catalog.counts_too(oid) IS
  'Returns true if a function captures changes, and counts them if its trigger has an argument.';
