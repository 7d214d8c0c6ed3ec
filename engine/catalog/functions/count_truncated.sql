-- A policy of the table must not run with the rights of this function's owner.
CREATE OR REPLACE FUNCTION imat_catalog.count_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
  removed bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM ONLY %s', TG_RELID::regclass) INTO removed;
  IF removed > 0 THEN
    INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
      VALUES (TG_ARGV[0]::integer, pg_current_xact_id(), session_user, TG_OP, removed);
  END IF;
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE WARNING
      USING MESSAGE = format('TRUNCATE of "%s" counts only the rows that this transaction sees',
        TG_TABLE_NAME),
        HINT = 'In a READ COMMITTED transaction it counts all.';
  END IF;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.count_truncated() IS
  'Trigger: counts the rows that a TRUNCATE removes.';

REVOKE ALL ON FUNCTION imat_catalog.count_truncated() FROM PUBLIC;
