-- It does not wait for a compaction, which has the group FOR KEY SHARE.
CREATE OR REPLACE FUNCTION imat.set_mark(group_name text, mark text DEFAULT 'MARK_%')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- A transaction without an id has changed nothing, so its counters need not be looked for.
  own_before boolean := CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN false END;
  target imat_catalog.change_group;
BEGIN
  PERFORM imat_catalog.require_read_committed();
  target := imat_catalog.find_group(group_name, true);
  IF NOT target.here THEN target := imat_catalog.own_group(group_name); END IF;
  -- Another mark, or a stop, may be under way.
  PERFORM FROM imat_catalog.change_group g WHERE g.id = target.id FOR NO KEY UPDATE;
  target := imat_catalog.find_group(group_name, true);
  PERFORM imat_catalog.require_counting(target);
  RETURN imat_catalog.add_moment(target.id, coalesce(mark, 'MARK_%'), own_before);
END $$;

COMMENT ON FUNCTION imat.set_mark(text, text) IS
  'Sets a mark: what this statement sees is before it. It waits for no writer, and no writer waits '
  'for it. Returns the number of the mark in time (stat_first_time_id).';
