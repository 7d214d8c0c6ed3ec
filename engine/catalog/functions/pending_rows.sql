-- A pending row has an xid at or after the xmin of the frontier. The condition on xid lets an index
-- on the log help. It runs with the rights of its owner, because a role that monitors imats has no
-- rights on logs.
CREATE OR REPLACE FUNCTION imat_catalog.pending_rows(imat integer) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  logs pg_catalog.regclass;
  counted bigint;
  total bigint := 0;
  since pg_catalog.pg_snapshot;
BEGIN
  SELECT f.snapshot INTO since FROM imat_catalog.frontier f
    WHERE f.imat_id OPERATOR(pg_catalog.=) imat;
  IF since IS NULL THEN RETURN 0; END IF;
  FOR logs IN
    SELECT s.log FROM imat_catalog.imat_source i
      JOIN imat_catalog.source s ON s.relation OPERATOR(pg_catalog.=) i.relation
    WHERE i.imat_id OPERATOR(pg_catalog.=) imat
      AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) s.log)
  LOOP
    EXECUTE pg_catalog.format(
      'SELECT pg_catalog.count(*) FROM %s l'
      ' WHERE l.xid OPERATOR(pg_catalog.>=) pg_catalog.pg_snapshot_xmin($1)'
      ' AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, $1)', logs)
    INTO counted USING since;
    total := total OPERATOR(pg_catalog.+) counted;
  END LOOP;
  RETURN total;
END $$;

COMMENT ON FUNCTION imat_catalog.pending_rows(integer) IS
  'Returns how many log rows the next fold or swap of the imat takes in; 0 if the imat has no '
  'frontier.';

REVOKE ALL ON FUNCTION imat_catalog.pending_rows(integer) FROM PUBLIC;
