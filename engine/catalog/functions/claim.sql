-- The lock is the imat's row, which only roles with rights on the catalog can lock: anybody could
-- take an advisory lock. The advisory lock merely announces who works on the imat (see
-- fills_elsewhere); without it, others wait longer than they need to. It is the transaction's,
-- because a session's lock would survive a cancelled statement.
CREATE OR REPLACE FUNCTION imat_catalog.claim(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Not in a SET clause of the function: only superusers may name a parameter there that PostgreSQL
  -- does not know.
  PERFORM set_config('imat.maintaining', 'on', true);
  PERFORM FROM imat_catalog.imat i WHERE i.id = imat FOR NO KEY UPDATE NOWAIT;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM pg_try_advisory_xact_lock_shared(imat_catalog.lock_class(), imat);
  UPDATE imat_catalog.frontier f SET advanced_at = clock_timestamp() WHERE f.imat_id = imat;
  RETURN FOUND;
EXCEPTION WHEN serialization_failure OR lock_not_available THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.claim(integer) IS
  'Makes the transaction the only one that moves the imat''s frontier. Returns false if another '
  'transaction does so, or has done so since the snapshot was taken.';
