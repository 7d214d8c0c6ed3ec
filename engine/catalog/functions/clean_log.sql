-- While an imat on the source is being loaded, nothing is deleted: that imat has no frontier yet,
-- and its frontier may turn out older than all others.
--
-- A broken imat needs no rows: it is filled anew.
--
-- What every frontier has passed is older than the least xmax of all frontiers. The condition on
-- xid lets an index help.
--
-- The first hundred rows in the file always stay. If vacuum ever emptied a log, the planner would
-- expect an empty log from then on, and would join a thousand pending rows by nested loops.
CREATE OR REPLACE FUNCTION imat_catalog.clean_log(source oid) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog
-- Scans then begin with the first row in the file.
SET synchronize_seqscans = off
AS $$
DECLARE
  frontiers pg_snapshot[];
  loading boolean;
  logs regclass;
  deleted bigint;
BEGIN
  -- One statement, so that no imat can come in between the question and the frontiers.
  SELECT coalesce(array_agg(f.snapshot) FILTER (WHERE i.broken IS NULL AND f.imat_id IS NOT NULL),
      array_agg(pg_current_snapshot()) FILTER (WHERE i.broken IS NOT NULL)),
    bool_or(i.state = 'installing')
    INTO frontiers, loading
  FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
    LEFT JOIN imat_catalog.frontier f ON f.imat_id = z.imat_id
  WHERE z.relation = source;
  IF loading THEN RETURN 0; END IF;
  SELECT s.log INTO logs FROM imat_catalog.source s WHERE s.relation = source;
  IF frontiers IS NULL OR logs IS NULL THEN RETURN 0; END IF;
  EXECUTE format(
    'DELETE FROM %1$s l'
    ' WHERE l.ctid > (SELECT max(h.ctid) FROM (SELECT k.ctid FROM %1$s k LIMIT 100) h)'
    ' AND %2$s AND l.xid < $2', logs,
    (SELECT string_agg(format('pg_visible_in_snapshot(l.xid, $1[%s])', n), ' AND ')
      FROM generate_subscripts(frontiers, 1) n)
  ) USING frontiers, (SELECT min(pg_snapshot_xmax(s)) FROM unnest(frontiers) s);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;

COMMENT ON FUNCTION imat_catalog.clean_log(oid) IS
  'Deletes the rows of a source''s log that every imat on the source has taken in, and returns '
  'their number.';
