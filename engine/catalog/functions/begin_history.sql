-- In another cluster, the images have the OIDs of functions and constraints that are no more, and
-- another version may print definitions otherwise.
CREATE OR REPLACE FUNCTION imat_catalog.begin_history() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  maintaining text := coalesce(current_setting('imat.maintaining', true), '');
  relations oid[];
  functions oid[];
BEGIN
  UPDATE imat_catalog.schema_comparison c SET cluster = imat_catalog.cluster()
  WHERE c.cluster IS DISTINCT FROM imat_catalog.cluster();
  IF FOUND THEN
    DELETE FROM imat_catalog.schema_image;
    UPDATE imat_catalog.schema_change c SET object_id = 0 WHERE c.class_id = 'pg_proc'::regclass;
  END IF;
  DELETE FROM imat_catalog.schema_image i WHERE NOT i.here;
  SELECT array_agg(k.object_id) FILTER (WHERE k.class_id = 'pg_class'::regclass),
    array_agg(k.object_id) FILTER (WHERE k.class_id = 'pg_proc'::regclass)
  INTO relations, functions
  FROM (SELECT o.class_id, o.object_id FROM imat_catalog.known_objects() o
    EXCEPT SELECT i.class_id, i.object_id FROM imat_catalog.schema_image i) k;
  IF relations IS NULL AND functions IS NULL THEN RETURN; END IF;
  PERFORM set_config('imat.maintaining', 'on', true);
  INSERT INTO imat_catalog.schema_image (class_id, object_id, type, part_id, object, part, image,
    made_by)
  SELECT n.* FROM imat_catalog.schema_now(relations, functions) n
  ORDER BY 1, 2, 3, 4
  ON CONFLICT DO NOTHING;
  PERFORM set_config('imat.maintaining', maintaining, true);
END $$;

COMMENT ON FUNCTION imat_catalog.begin_history() IS
  'Takes the first image of each object that imat has come to know.';

REVOKE ALL ON FUNCTION imat_catalog.begin_history() FROM PUBLIC;
