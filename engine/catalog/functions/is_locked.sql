-- Neither takes a lock. pg_locks and pg_partition_root look at what is there now, whatever the
-- snapshot is; a table that inherits, and that the snapshot does not show, is not found.
CREATE OR REPLACE FUNCTION imat_store.is_locked(source regclass, with_parts boolean)
RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
      AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (l.relation = source OR with_parts AND (pg_partition_root(l.relation) = source
        OR l.relation IN (SELECT t.part FROM imat_store.inheritors(source) t))))
$$;

COMMENT ON FUNCTION imat_store.is_locked(regclass, boolean) IS
  'Returns true if another session has an ACCESS EXCLUSIVE lock on a table, or waits for one; '
  'with_parts: or on one of its partitions, or of the tables that inherit from it.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_locked(regclass, boolean) TO PUBLIC;
