CREATE OR REPLACE FUNCTION imat.compare_schema() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  recorded bigint;
BEGIN
  IF NOT imat_catalog.owns(imat_catalog.caller(),
    (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = 'only the owner of the imat catalog may compare the schema with its images',
        HINT = format('Its owner is %s.', current_user);
  END IF;
  -- The lock of the comparison; those of imats are positive.
  IF NOT pg_try_advisory_xact_lock(imat_catalog.lock_class(), -2) THEN RETURN 0; END IF;
  -- PostgreSQL locks the tables of a view to print it. Whoever has locked one of them may wait for
  -- another: so this does not wait, but gives up all locks and begins again.
  FOR attempt IN 1..40 LOOP
    BEGIN
      PERFORM imat_catalog.begin_history();
      recorded := imat_catalog.record_differences(NULL);
      -- No snapshot of this transaction is older.
      UPDATE imat_catalog.schema_comparison c SET compared_at = now();
      RETURN recorded;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF attempt = 40 THEN
        RAISE lock_not_available
          USING MESSAGE = 'the schema could not be compared: a table that a view reads is locked',
            HINT = 'Try again when ALTER TABLE, TRUNCATE and the like have ended.';
      END IF;
    END;
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;

COMMENT ON FUNCTION imat.compare_schema() IS
  'Compares all objects that imat knows with what they were at the last comparison; records what '
  'differs for the view imat.schema_changes, and returns how many changes that were.';
