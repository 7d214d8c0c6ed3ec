-- LOCK TABLE and what follows it find a table by its name. Its owner could give the name to another
-- table between the check of rights and the lock; under the lock that cannot happen any more.
CREATE OR REPLACE FUNCTION imat_catalog.require_locked(tables oid[], lock_mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missed regclass;
BEGIN
  SELECT u.relation INTO missed FROM unnest(tables) u(relation)
  WHERE u.relation NOT IN (
    SELECT l.relation FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
        WHERE d.datname = current_database())
      AND upper(replace(l.mode, 'Lock', '')) = replace(lock_mode, ' ', ''))
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = format('"%s" was renamed at the same time', missed), HINT = 'Try again.';
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.require_locked(oid[], text) IS
  'Raises an error if this session has not locked all of the tables in that mode.';
