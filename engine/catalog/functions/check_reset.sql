-- Capture on the table of an ordinary role runs as that role. This is a trigger and no row-level
-- security: under row_security = off, a policy would make the writer fail.
CREATE OR REPLACE FUNCTION imat_store.check_reset() RETURNS trigger
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
