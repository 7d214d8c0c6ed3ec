CREATE OR REPLACE FUNCTION imat_catalog.release_part(source oid, part regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  trigger_name text;
BEGIN
  -- A table that was dropped took its triggers along.
  IF part::text = part::oid::text THEN RETURN; END IF;
  FOR trigger_name IN SELECT n.name FROM imat_catalog.capture_triggers(source, part) n
      UNION ALL SELECT c FROM imat_catalog.copied_triggers(source, part) c LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', trigger_name, part);
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.release_part(oid, regclass) IS
  'Drops the triggers on a table that write to the log of a partitioned source.';
