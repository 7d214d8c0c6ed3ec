-- To note them writes the other evidence again, which is the same only for an imat without
-- differences. Any other one breaks, and a repair notes its names.
CREATE OR REPLACE FUNCTION imat_catalog.note_names_used() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.note_called(i.id, ARRAY(
      SELECT f.object FROM imat_catalog.fact f
      WHERE f.imat_id = i.id AND f.class = 'pg_proc'::regclass AND f.facts->>'called' ~ E'\\D'),
    imat_catalog.watched_enums(i.id))
  FROM imat_catalog.imat i
  WHERE i.state = 'active' AND i.broken IS NULL AND i.facts_cluster = imat_catalog.cluster()
    AND NOT EXISTS (SELECT FROM imat_catalog.name_use u WHERE u.imat_id = i.id)
    AND NOT EXISTS (SELECT FROM imat_catalog.differences(ARRAY[i.id]));
END $$;

COMMENT ON FUNCTION imat_catalog.note_names_used() IS
  'Notes the names in the bodies of functions for imats that an earlier version has made.';
