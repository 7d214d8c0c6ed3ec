-- A statement that names a parent reads which tables inherit, and then waits for each of them. It
-- writes to one that has gone meanwhile, and its triggers log those rows. Such a statement has a
-- lock on the table that it names. Whoever locks that later reads the list anew, so nobody is kept
-- waiting here.
CREATE OR REPLACE FUNCTION imat_catalog.outlast_writers(parents oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  give_up CONSTANT timestamptz := clock_timestamp() + interval '50 ms';
  this_database CONSTANT oid :=
    (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
  writers text[];
BEGIN
  LOOP
    -- Without a lock: pg_locks shows what is there now.
    writers := ARRAY(
      SELECT DISTINCT l.virtualtransaction FROM pg_locks l
      WHERE l.locktype = 'relation' AND l.database = this_database AND l.granted
        AND l.relation = ANY (parents) AND l.pid IS DISTINCT FROM pg_backend_pid()
        AND l.mode = 'RowExclusiveLock'
        AND (writers IS NULL OR l.virtualtransaction = ANY (writers)));
    EXIT WHEN writers = '{}';
    IF clock_timestamp() > give_up THEN
      RAISE lock_not_available
        USING MESSAGE = 'a transaction that writes through a former parent is still under way';
    END IF;
    PERFORM pg_sleep(0.002);
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.outlast_writers(oid[]) IS
  'Waits for the transactions that write by one of these tables now, and not for those that begin '
  'later. Raises lock_not_available if that takes long.';
