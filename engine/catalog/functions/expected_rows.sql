-- The planner computes it while it plans (a STABLE function of constants), once for each log that a
-- statement reads, so it is cheap: beyond 1,000 rows the plans are the same ones, and of a file
-- that may hold 10,000 no rows are counted. A row of a log takes at least 44 bytes; a file is
-- mostly larger than its rows, because a hundred of them stay and space of others is used again.
--
-- The view of an imat calls it, and a view runs functions with the rights of the reader, who may
-- not read logs. To others it says no more than the size of the file does, which everybody may ask.
CREATE OR REPLACE FUNCTION imat_catalog.expected_rows(imat integer, log regclass) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most bigint := coalesce(pg_relation_size(log), 0) / 44;
  since pg_snapshot;
  counted integer;
BEGIN
  IF most = 0 THEN RETURN 1; END IF;
  IF most >= 10000 THEN RETURN 1000; END IF;
  SELECT f.snapshot INTO since
  FROM imat_catalog.imat i
    JOIN imat_catalog.frontier f ON f.imat_id = i.id
    JOIN imat_catalog.imat_source z ON z.imat_id = i.id
    JOIN imat_catalog.source s ON s.relation = z.relation
  WHERE i.id = expected_rows.imat AND s.log = expected_rows.log
    AND has_table_privilege(session_user, i.relation, 'SELECT');
  IF since IS NULL THEN RETURN least(most, 1000); END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %s l WHERE l.xid >= pg_snapshot_xmin($1)'
    ' AND NOT pg_visible_in_snapshot(l.xid, $1) LIMIT 1000) p', imat_catalog.required_name(log))
    INTO counted USING since;
  RETURN greatest(counted, 1);
END $$;

COMMENT ON FUNCTION imat_catalog.expected_rows(integer, regclass) IS
  'Returns how many rows of a log are pending for an imat, at most 1000, for the planner.';

GRANT EXECUTE ON FUNCTION imat_catalog.expected_rows(integer, regclass) TO PUBLIC;
