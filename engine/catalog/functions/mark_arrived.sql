-- The rows of sources are written anew, so that they are not "here": the next convert or repair
-- makes them new logs. That looks their tables up by name, which may be another than the noted one.
-- So are those of groups, which begin to count anew.
CREATE OR REPLACE FUNCTION imat_catalog.mark_arrived() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  concerned integer;
  maintaining text := coalesce(current_setting('imat.maintaining', true), '');
BEGIN
  FOR concerned IN
    SELECT i.id FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id = i.id
    WHERE f.here AND i.broken IS NULL
      AND EXISTS (SELECT FROM imat_catalog.imat_source z WHERE z.imat_id = i.id)
    ORDER BY i.id
  LOOP
    PERFORM imat_catalog.break_imat(concerned,
      'the data of a dump was loaded over the logs of its sources');
  END LOOP;
  PERFORM set_config('imat.maintaining', '', true);
  PERFORM FROM imat_catalog.source s WHERE s.here ORDER BY s.relation_text FOR UPDATE;
  WITH known AS (
    DELETE FROM imat_catalog.source s WHERE s.here RETURNING s.*
  )
  INSERT INTO imat_catalog.source (relation_text, log_text, capture, by_extension, tracked, columns,
      former_logs, triggers, parents, parts, files)
    SELECT imat_catalog.name_of(k.relation, k.relation_text),
      imat_catalog.name_of(k.log, k.log_text), k.capture, k.by_extension, k.tracked, k.columns,
      k.former_logs, k.triggers, k.parents, k.parts, k.files
    FROM known k;
  UPDATE imat_catalog.change_group g SET counted_since = g.counted_since WHERE g.here;
  PERFORM set_config('imat.maintaining', maintaining, true);
END $$;

COMMENT ON FUNCTION imat_catalog.mark_arrived() IS
  'Marks as broken or as restored all that reads logs and counters to which the data of a dump was '
  'added.';
