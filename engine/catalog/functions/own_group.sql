-- FOR UPDATE waits for a compaction, which has the row FOR KEY SHARE, and for other changes.
CREATE OR REPLACE FUNCTION imat_catalog.own_group(group_name text)
RETURNS imat_catalog.change_group
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  result imat_catalog.change_group;
BEGIN
  PERFORM imat_catalog.require_read_committed();
  PERFORM imat_catalog.find_group(group_name, true);
  PERFORM FROM imat_catalog.change_group g WHERE g.name = group_name FOR UPDATE;
  result := imat_catalog.find_group(group_name, true);
  IF NOT result.here THEN
    PERFORM imat_catalog.change_members('the tables of all groups', '{}',
      'SELECT imat_catalog.begin_anew()');
    result := imat_catalog.find_group(group_name, true);
  END IF;
  RETURN result;
END $$;

COMMENT ON FUNCTION imat_catalog.own_group(text) IS
  'Returns the group, which the caller must own, locked against compactions and other changes '
  'until the transaction ends.';
