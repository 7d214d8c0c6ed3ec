CREATE OR REPLACE FUNCTION imat_catalog.follow_parts_of(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source oid;
BEGIN
  FOR source IN
    SELECT s.relation FROM imat_catalog.imat_source z JOIN imat_catalog.source s USING (relation)
    WHERE z.imat_id = imat AND s.parts IS NOT NULL
      AND NOT imat_catalog.is_tree(s.relation, s.parents, s.parts)
    ORDER BY 1
  LOOP
    IF imat_catalog.follow_part(source) THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_parts_of(integer) IS
  'Takes in one change of the partitions of an imat''s sources; false if there is none left that '
  'can be taken in now. Call it in READ COMMITTED transactions until it returns false.';
