-- It runs for the DDL of everybody, which must not fail because of it. A dropped object has no row
-- that tells who dropped it, so the list of the event is needed.
CREATE OR REPLACE FUNCTION imat_catalog.record_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Shorter than deadlock_timeout, so that nobody who waits for this is ended.
SET lock_timeout = '200ms'
AS $$
DECLARE
  maintaining text := coalesce(current_setting('imat.maintaining', true), '');
  former imat_catalog.schema_image;
BEGIN
  IF NOT imat_catalog.has_images() THEN RETURN; END IF;
  PERFORM set_config('imat.maintaining', 'on', true);
  FOR former IN
    SELECT i.* FROM imat_catalog.schema_image i
      JOIN pg_event_trigger_dropped_objects() d ON CASE i.type
        WHEN 'column' THEN d.classid = 'pg_class'::regclass AND d.objid = i.object_id
          AND d.objsubid = i.part_id::bigint
        WHEN 'constraint' THEN d.classid = 'pg_constraint'::regclass AND d.objid = i.part_id
        WHEN 'index' THEN d.classid = 'pg_class'::regclass AND d.objid = i.part_id
        ELSE d.classid = i.class_id AND d.objid = i.object_id AND d.objsubid = 0 END
    ORDER BY i.class_id, i.object_id, i.part_id, i.type
  LOOP
    CONTINUE WHEN NOT imat_catalog.store_image(former, NULL);
    IF former.part_id = 0 THEN
      DELETE FROM imat_catalog.schema_image i
      WHERE i.class_id = former.class_id AND i.object_id = former.object_id;
    END IF;
    PERFORM imat_catalog.add_schema_change(former, NULL, TG_TAG);
  END LOOP;
  PERFORM set_config('imat.maintaining', maintaining, true);
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING
    USING MESSAGE = format('imat could not record this command in the schema history: %s', SQLERRM),
      HINT = 'The next comparison (imat history --now) finds what it has dropped.';
END $$;

COMMENT ON FUNCTION imat_catalog.record_drop() IS
  'Event trigger: records which objects that imat knows a command has dropped.';

REVOKE ALL ON FUNCTION imat_catalog.record_drop() FROM PUBLIC;
