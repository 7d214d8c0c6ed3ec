-- pg_partition_root takes no lock, and both look at what is there now, whatever the snapshot is.
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
      AND (l.relation = source OR with_parts AND pg_partition_root(l.relation) = source))
$$;

COMMENT ON FUNCTION imat_store.is_locked(regclass, boolean) IS
  'Returns true if another session has an ACCESS EXCLUSIVE lock on a table, or waits for one; '
  'with_parts: or on one of its partitions.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_locked(regclass, boolean) TO PUBLIC;
