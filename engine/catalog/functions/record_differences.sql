-- What this transaction has written, its command has changed. Other differences are older: an event
-- trigger was not there, or VACUUM FULL, CLUSTER or TRUNCATE gave the table new files. The event
-- table_rewrite tells which tables a command has rewritten.
CREATE OR REPLACE FUNCTION imat_catalog.record_differences(command text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  maintaining text := coalesce(current_setting('imat.maintaining', true), '');
  one record;
  former imat_catalog.schema_image;
  present imat_catalog.schema_image;
  recorded bigint := 0;
  gone oid;
BEGIN
  PERFORM set_config('imat.maintaining', 'on', true);
  FOR one IN
    SELECT i AS former, CASE WHEN n.object_id IS NOT NULL THEN ROW(n.class_id, n.object_id, n.type,
      n.part_id, n.object, n.part, n.image, n.made_by, NULL, true)::imat_catalog.schema_image END
        AS present
    FROM imat_catalog.schema_image i
      FULL JOIN imat_catalog.schema_now(
        ARRAY(SELECT o.object_id FROM imat_catalog.schema_image o
          WHERE o.class_id = 'pg_class'::regclass AND o.part_id = 0),
        ARRAY(SELECT o.object_id FROM imat_catalog.schema_image o
          WHERE o.class_id = 'pg_proc'::regclass)) n
        ON n.class_id = i.class_id AND n.object_id = i.object_id AND n.type = i.type
          AND n.part_id = i.part_id
    WHERE i.image IS DISTINCT FROM n.image
    ORDER BY coalesce(i.class_id, n.class_id), coalesce(i.object_id, n.object_id),
      coalesce(i.part_id, n.part_id), coalesce(i.type, n.type)
  LOOP
    former := one.former;
    present := one.present;
    CONTINUE WHEN NOT imat_catalog.store_image(former, present);
    -- The parts of a dropped object go with it.
    CONTINUE WHEN former.object_id = gone AND present.image IS NULL;
    IF present.image IS NULL AND former.part_id = 0 THEN gone := former.object_id; END IF;
    PERFORM imat_catalog.add_schema_change(former, present, CASE
      WHEN pg_xact_status(imat_catalog.full_xid(present.made_by)) = 'in progress'
        AND (former.image - 'file_node' IS DISTINCT FROM present.image - 'file_node'
          OR present.object_id::text
            = ANY (string_to_array(current_setting('imat.rewritten', true), ',')))
        THEN command END);
    recorded := recorded + 1;
  END LOOP;
  PERFORM set_config('imat.maintaining', maintaining, true);
  PERFORM set_config('imat.rewritten', '', true);
  RETURN recorded;
END $$;

COMMENT ON FUNCTION imat_catalog.record_differences(text) IS
  'Compares all images with PostgreSQL''s catalog, records what differs, and returns how much that '
  'was. What this transaction has written is said to be done by the command, if one is given.';
