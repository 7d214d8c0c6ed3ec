-- LOCK TABLE and what follows it find a table by its name. Its owner could give the name to another
-- table between the check of rights and the lock; under the lock that cannot happen any more.
CREATE OR REPLACE FUNCTION imat_catalog.lock_relation(relation regclass, lock_mode text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('LOCK TABLE %s IN %s MODE', relation, lock_mode);
  IF NOT EXISTS (
    SELECT FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
      AND l.relation = lock_relation.relation
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
        WHERE d.datname = current_database())
      AND upper(replace(l.mode, 'Lock', '')) = replace(lock_mode, ' ', '')
  ) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = format('"%s" was renamed at the same time', relation), HINT = 'Try again.';
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.lock_relation(regclass, text) IS
  'Locks a table. Raises an error if another table had its name at that moment.';
