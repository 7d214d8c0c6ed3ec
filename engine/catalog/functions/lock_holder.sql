CREATE OR REPLACE FUNCTION imat_catalog.lock_holder(relation oid, lock_mode text) RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT concat(CASE WHEN l.pid IS NULL THEN format('Prepared transaction "%s"', x.gid)
        ELSE format('Process %s (%s)', l.pid, coalesce('role ' || a.usename, a.backend_type)) END,
      CASE WHEN l.granted THEN ' has locked it' ELSE ' waits for a lock on it' END,
      ' in mode ', l.mode, '.')
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      LEFT JOIN pg_locks o ON o.locktype = 'transactionid' AND o.pid IS NULL
        AND o.virtualtransaction = l.virtualtransaction AND l.pid IS NULL
      LEFT JOIN pg_prepared_xacts x ON x.transaction = o.transactionid
    WHERE l.locktype = 'relation' AND l.relation = lock_holder.relation
      AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (lock_mode = 'ACCESS EXCLUSIVE' OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
    ORDER BY l.granted DESC, l.pid LIMIT 1
  ), 'Transactions that use it follow each other without a gap.')
$$;

COMMENT ON FUNCTION imat_catalog.lock_holder(oid, text) IS
  'Returns a sentence that says which other session or prepared transaction keeps this one from '
  'locking a table in SHARE ROW EXCLUSIVE or ACCESS EXCLUSIVE mode.';
