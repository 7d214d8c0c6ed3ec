CREATE OR REPLACE FUNCTION imat_catalog.has_pending(imat integer) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  logs regclass;
  found_some boolean;
  since pg_snapshot;
  held regclass;
  view regclass;
BEGIN
  SELECT f.snapshot, i.labels, i.elapsed INTO since, held, view FROM imat_catalog.frontier f
    JOIN imat_catalog.imat i ON i.id = f.imat_id
    WHERE f.imat_id = imat AND i.dependence <> 'moment';
  IF since IS NULL THEN RETURN false; END IF;
  IF imat_catalog.labels_changed(held) THEN RETURN true; END IF;
  -- If that cannot be told, the fold waits for the tables, as it must.
  IF coalesce(imat_catalog.count_elapsed(view, 1), 1) > 0 THEN RETURN true; END IF;
  FOR logs IN SELECT s.log FROM imat_catalog.imat_source i JOIN imat_catalog.source s
    USING (relation) WHERE i.imat_id = imat LOOP
    EXECUTE format(
      'SELECT EXISTS (SELECT FROM %s l WHERE l.xid >= pg_snapshot_xmin($1)'
      ' AND l.xid <= ''18446744073709551615'''
      ' AND NOT pg_visible_in_snapshot(l.xid, $1))', logs)
    INTO found_some USING since;
    IF found_some THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.has_pending(integer) IS
  'Returns true if the logs hold at least one row that the next fold or swap of the imat takes '
  'in, or time has changed a row for it, or a label of an enum that it reads was renamed; also if '
  'another session has locked the tables that tell what time has changed.';
