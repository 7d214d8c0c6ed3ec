-- While an imat on the source is being loaded, nothing is deleted: that imat has no frontier yet,
-- and its frontier may turn out older than all others. The session that loads it holds a lock; an
-- install that was interrupted keeps nothing. Nor does an imat whose answer depends on the moment:
-- it reads no log. After a restore into another cluster a frontier says nothing.
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
SET search_path = pg_catalog, pg_temp
-- Scans then begin with the first row in the file.
SET synchronize_seqscans = off
AS $$
DECLARE
  frontiers pg_snapshot[];
  loading boolean;
  logs regclass;
  deleted bigint;
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RETURN 0;
  END IF;
  -- Locks do not go by the snapshot: an imat whose load ends after the snapshot was taken is being
  -- loaded for that, and holds no lock any more. So it is asked twice: a load that ends after the
  -- second snapshot held its lock at the first question, and one that ended before has its frontier
  -- in the second.
  FOR question IN 1..2 LOOP
    SELECT coalesce(array_agg(f.snapshot) FILTER (WHERE i.broken IS NULL AND f.imat_id IS NOT NULL),
        array_agg(pg_current_snapshot()) FILTER (WHERE i.broken IS NOT NULL)),
      bool_or(i.state = 'installing' AND EXISTS (SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = imat_catalog.lock_class()::oid
          AND l.objid = i.id::oid AND l.granted
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))
      INTO frontiers, loading
    FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
      LEFT JOIN imat_catalog.frontier f ON f.imat_id = z.imat_id AND f.here
    WHERE z.relation = source AND i.dependence <> 'moment';
    IF loading THEN RETURN 0; END IF;
  END LOOP;
  SELECT s.log INTO logs FROM imat_catalog.source s WHERE s.relation = source;
  IF frontiers IS NULL OR logs IS NULL THEN RETURN 0; END IF;
  EXECUTE format(
    'DELETE FROM %1$s l'
    ' WHERE l.ctid > (SELECT max(h.ctid) FROM (SELECT k.ctid FROM %1$s k LIMIT 100) h)'
    ' AND %2$s AND l.xid < $2', imat_catalog.required_name(logs),
    (SELECT string_agg(format('pg_visible_in_snapshot(l.xid, $1[%s])', n), ' AND ')
      FROM generate_subscripts(frontiers, 1) n)
  ) USING frontiers, (SELECT min(pg_snapshot_xmax(s)) FROM unnest(frontiers) s);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  DELETE FROM imat_store.reset r WHERE r.relation = source AND NOT EXISTS (
    SELECT FROM unnest(frontiers) s WHERE NOT pg_visible_in_snapshot(r.xid, s));
  RETURN deleted;
EXCEPTION WHEN undefined_table THEN
  -- The last imat on the source was reverted at the same time.
  RETURN 0;
END $$;

COMMENT ON FUNCTION imat_catalog.clean_log(oid) IS
  'Deletes the rows of a source''s log, and its reset marks, that every imat on the source has '
  'taken in, and returns the number of log rows.';
