-- A partition can be captured for several sources, so the names of the triggers end in the OID of
-- the root.
CREATE OR REPLACE FUNCTION imat_catalog.capture_part(source oid, part regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  known imat_catalog.source;
  event text;
  trigger_name text;
  rows text;
BEGIN
  SELECT * INTO known FROM imat_catalog.source s WHERE s.relation = source;
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
    trigger_name := imat_catalog.part_trigger(event, source);
    rows := CASE event WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
      WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
      WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END;
    EXECUTE format('CREATE OR REPLACE TRIGGER %I %s %s ON %s %s FOR EACH STATEMENT
      EXECUTE FUNCTION %s()', trigger_name,
      CASE event WHEN 'truncate' THEN 'BEFORE' ELSE 'AFTER' END, event, part,
      CASE WHEN known.columns IS NULL THEN '' ELSE rows END, known.capture->>event);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', part, trigger_name);
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.capture_part(oid, regclass) IS
  'Creates the triggers on a partition that write to the log of a partitioned source.';
