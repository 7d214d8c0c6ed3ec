-- The advisory lock is the transaction's, because a session's lock would survive a cancelled
-- statement.
CREATE OR REPLACE FUNCTION imat_catalog.claim(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  -- Not in a SET clause of the function: only superusers may name a parameter there that PostgreSQL
  -- does not know.
  PERFORM set_config('imat.maintaining', 'on', true);
  IF NOT pg_try_advisory_xact_lock(imat_catalog.lock_class(), imat) THEN RETURN false; END IF;
  UPDATE imat_catalog.frontier f SET advanced_at = clock_timestamp() WHERE f.imat_id = imat;
  RETURN FOUND;
EXCEPTION WHEN serialization_failure THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.claim(integer) IS
  'Makes the transaction the only one that moves the imat''s frontier. Returns false if another '
  'transaction does so, or has done so since the snapshot was taken.';
