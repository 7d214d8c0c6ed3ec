-- Reset marks: what a transaction did to a source that its log does not have as rows. This file
-- makes objects in imat_store only, since it is run again where that schema was dropped.

-- It is in imat_store, because capture names it: each of the two schemas can be dropped without the
-- other, and capture goes with this one.
CREATE TABLE imat_store.reset (
  relation regclass NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50,
  vacuum_truncate = false);
COMMENT ON TABLE imat_store.reset IS
  'Transactions that changed a source in a way that its log does not have as rows: until the state '
  'of an imat is computed anew, only its definition is right. The xid is that of the top-level '
  'transaction, and the log has a row of the same transaction.';
ALTER TABLE imat_store.reset REPLICA IDENTITY FULL;

-- Capture on the table of an ordinary role runs as that role. This is a trigger and no row-level
-- security: under row_security = off, a policy would make the writer fail.
CREATE FUNCTION imat_store.check_reset() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = NEW.relation AND p.pronamespace = 'imat_store'::regnamespace
      AND pg_has_role(p.proowner, 'USAGE')
  ) AND NOT EXISTS (
    -- A snapshot can be older than the triggers. A writer holds a lock on the table that takes the
    -- right to write to it.
    SELECT FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
      AND (l.relation = NEW.relation OR pg_partition_root(l.relation) = NEW.relation
        OR l.relation IN (SELECT t.part FROM imat_store.inheritors(NEW.relation) t))
  ) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('role "%s" does not capture table %s', current_user, NEW.relation);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION imat_store.check_reset() IS
  'Lets a role mark only the tables that capture functions of that role capture, and those that '
  'its transaction writes to.';
REVOKE ALL ON FUNCTION imat_store.check_reset() FROM PUBLIC;
CREATE TRIGGER check_reset BEFORE INSERT ON imat_store.reset
  FOR EACH ROW EXECUTE FUNCTION imat_store.check_reset();
ALTER TABLE imat_store.reset ENABLE ALWAYS TRIGGER check_reset;
