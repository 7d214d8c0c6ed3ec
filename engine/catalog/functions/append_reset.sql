-- For capture functions whose owner cannot append to the log (capture_without_rights), so that
-- writers do not fail: whatever they write, the state is computed anew. A writer holds a lock on
-- the table that takes the right to write to it. Whether capture has its rights says nothing here:
-- they can be granted between that question and this call, and a snapshot can be older than the
-- owner.
CREATE OR REPLACE FUNCTION imat_store.append_reset(source regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known record;
BEGIN
  SELECT s.log, s.columns, s.parts INTO known FROM imat_catalog.source s WHERE s.relation = source;
  -- Without a log there is no imat that could be read.
  IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = known.log) THEN RETURN; END IF;
  IF NOT EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
      AND (l.relation = source OR l.relation = ANY (known.parts)
        OR pg_partition_root(l.relation) = source
        OR l.relation IN (SELECT t.part FROM imat_store.inheritors(source) t))
  ) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('this transaction does not write to %s', source);
  END IF;
  IF known.columns IS NOT NULL THEN
    INSERT INTO imat_store.reset (relation) VALUES (source);
  END IF;
  EXECUTE format('INSERT INTO %s (weight) VALUES (0)', known.log);
EXCEPTION WHEN undefined_table OR undefined_function OR invalid_schema_name THEN
  -- The catalog was dropped.
  NULL;
END $$;

COMMENT ON FUNCTION imat_store.append_reset(regclass) IS
  'Marks a source as reset whose capture functions cannot append to its log.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.append_reset(regclass) TO PUBLIC;
