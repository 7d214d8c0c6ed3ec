-- Other sessions queue behind a lock request that waits. So a long wait is replaced by many short
-- ones.
CREATE OR REPLACE FUNCTION imat_catalog.with_short_locks(what text, commands text,
  attempts integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
SET lock_timeout = '25ms'
AS $$
BEGIN
  FOR attempt IN 1..attempts LOOP
    BEGIN
      EXECUTE commands;
      RETURN;
    EXCEPTION WHEN lock_not_available OR internal_error THEN
      -- Internal: somebody else's GRANT or COMMENT on it at the same moment ("tuple concurrently
      -- updated").
      IF attempt = attempts THEN
        IF SQLSTATE = 'XX000' THEN RAISE; END IF;
        RAISE EXCEPTION
          USING ERRCODE = 'lock_not_available', MESSAGE = format('could not lock %s in time', what),
          DETAIL = 'A transaction that has read it is still open.',
            HINT = 'Try again when it has ended.';
      END IF;
      PERFORM pg_sleep(0.02 * least(attempt, 10));
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.with_short_locks(text, text, integer) IS
  'Runs DDL commands that need short exclusive locks, all or none. It waits 25 ms for a lock '
  'and then starts again, up to the given number of attempts; ten attempts take about 1.5 s.';
