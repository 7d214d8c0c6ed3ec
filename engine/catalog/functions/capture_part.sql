CREATE OR REPLACE FUNCTION imat_catalog.capture_part(source oid, part regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known imat_catalog.source;
  event text;
  trigger_name text;
  rows text;
BEGIN
  SELECT * INTO known FROM imat_catalog.source s WHERE s.relation = source;
  FOR event, trigger_name IN SELECT * FROM imat_catalog.capture_triggers(source, part) LOOP
    rows := CASE event WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
      WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
      WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END;
    EXECUTE format('CREATE OR REPLACE TRIGGER %I %s %s ON %s %s FOR EACH STATEMENT
      EXECUTE FUNCTION %s()', trigger_name,
      CASE event WHEN 'truncate' THEN 'BEFORE' ELSE 'AFTER' END, event, part,
      CASE WHEN known.columns IS NULL THEN '' ELSE rows END, known.capture->>event);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', part, trigger_name);
    EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', trigger_name, part, (
      SELECT obj_description(t.oid, 'pg_trigger') FROM pg_trigger t
      WHERE t.tgrelid = source AND t.tgfoid = to_regprocedure((known.capture->>event) || '()')));
  END LOOP;
  FOR trigger_name IN SELECT c FROM imat_catalog.copied_triggers(source, part) c LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, part);
  END LOOP;
  PERFORM imat_catalog.note_triggers(source, part);
END $$;

COMMENT ON FUNCTION imat_catalog.capture_part(oid, regclass) IS
  'Creates the triggers on a partition that write to the log of a partitioned source.';
