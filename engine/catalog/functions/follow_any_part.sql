-- What one source raises must not keep the others from being followed; a fold raises it again.
CREATE OR REPLACE FUNCTION imat_catalog.follow_any_part() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source oid;
BEGIN
  FOR source IN
    SELECT s.relation FROM imat_catalog.source s
    WHERE s.parts IS NOT NULL AND s.here
      AND NOT imat_catalog.is_tree(s.relation, s.parents, s.parts)
    ORDER BY 1
  LOOP
    BEGIN
      IF imat_catalog.follow_part(source) THEN RETURN true; END IF;
    EXCEPTION WHEN feature_not_supported OR insufficient_privilege THEN NULL;
    END;
  END LOOP;
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_any_part() IS
  'Takes in one change of the partitions of any source; false if there is none left that can be '
  'taken in now.';
