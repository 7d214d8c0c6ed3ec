CREATE OR REPLACE FUNCTION imat_catalog.require_read_committed() RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION
      USING ERRCODE = 'feature_not_supported',
        MESSAGE = 'groups and marks change in READ COMMITTED transactions only',
        DETAIL = 'A mark is the snapshot of the statement that sets it; the snapshot of this '
          'transaction was taken before.',
        HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED.';
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.require_read_committed() IS
  'Raises an error if the snapshot of the transaction is older than the statement.';
