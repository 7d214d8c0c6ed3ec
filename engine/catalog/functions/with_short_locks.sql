-- Other sessions queue behind a lock request that waits. So a long wait is replaced by many short
-- ones, and between them no lock is held.
CREATE OR REPLACE FUNCTION imat_catalog.with_short_locks(what text, commands text,
  patience interval, held_by text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '25ms'
AS $$
DECLARE
  until timestamptz := clock_timestamp() + patience;
  pause float8;
  known text;
BEGIN
  FOR attempt IN 1..2147483647 LOOP
    BEGIN
      EXECUTE commands;
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected OR internal_error THEN
      -- Internal: somebody else's GRANT or COMMENT on it at the same moment ("tuple concurrently
      -- updated").
      pause := 0.02 * least(attempt, 10);
      IF clock_timestamp() + pause * interval '1 s' >= until
        OR SQLSTATE = 'XX000' AND attempt = 10 THEN
        GET STACKED DIAGNOSTICS known = PG_EXCEPTION_DETAIL;
        -- lock_tables has said who has the lock.
        IF SQLSTATE = 'XX000' OR SQLSTATE = '55P03' AND known <> '' THEN RAISE; END IF;
        RAISE EXCEPTION
          USING ERRCODE = 'lock_not_available', MESSAGE = format('could not lock %s in time', what),
            DETAIL = held_by, HINT = 'Try again when it has ended.';
      END IF;
      PERFORM pg_sleep(pause);
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.with_short_locks(text, text, interval, text) IS
  'Runs commands that need short locks, all or none. It waits 25 ms for a lock, gives up all that '
  'the commands have taken, and starts again, until the given time has passed. The error then '
  'says that it could not lock what, because it is held_by.';
