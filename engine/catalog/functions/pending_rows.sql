-- A pending row has an xid at or after the xmin of the frontier. The condition on xid lets an index
-- on the log help. It runs with the rights of its owner, because a role that monitors imats has no
-- rights on logs.
CREATE OR REPLACE FUNCTION imat_catalog.pending_rows(imat integer) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  logs regclass;
  counted bigint;
  total bigint := 0;
  since pg_snapshot;
BEGIN
  SELECT f.snapshot INTO since FROM imat_catalog.frontier f
      JOIN imat_catalog.imat i ON i.id = f.imat_id
    WHERE f.imat_id = imat AND i.dependence <> 'moment';
  IF since IS NULL THEN RETURN 0; END IF;
  FOR logs IN
    SELECT s.log FROM imat_catalog.imat_source i
      JOIN imat_catalog.source s ON s.relation = i.relation
    WHERE i.imat_id = imat
      AND EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log)
  LOOP
    EXECUTE format(
      'SELECT count(*) FROM %s l'
      ' WHERE l.xid >= pg_snapshot_xmin($1)'
      ' AND NOT pg_visible_in_snapshot(l.xid, $1)', logs)
    INTO counted USING since;
    total := total + counted;
  END LOOP;
  RETURN total;
END $$;

COMMENT ON FUNCTION imat_catalog.pending_rows(integer) IS
  'Returns how many log rows the next fold or swap of the imat takes in; 0 if the imat has no '
  'frontier.';

REVOKE ALL ON FUNCTION imat_catalog.pending_rows(integer) FROM PUBLIC;
