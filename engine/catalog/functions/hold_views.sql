-- For the same reason as hold_sources.
CREATE OR REPLACE FUNCTION imat_catalog.hold_views(locks text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
BEGIN
  EXECUTE locks;
  RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected OR undefined_table
  OR invalid_schema_name THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.hold_views(text) IS
  'Executes what view_locks has returned; false if a lock is not free.';
