CREATE OR REPLACE FUNCTION imat_catalog.count_pending(count_up_to integer, wanted integer[])
RETURNS TABLE (imat integer, n bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  log record;
  counted bigint[];
  unchanged text[];
BEGIN
  unchanged := imat_catalog.unchanged_pairs();
  FOR log IN
    SELECT s.log, array_agg(z.imat_id ORDER BY z.imat_id) AS ids,
      array_agg(f.snapshot ORDER BY z.imat_id) AS snapshots
    FROM imat_catalog.source s JOIN imat_catalog.imat_source z USING (relation)
      JOIN imat_catalog.imat i ON i.id = z.imat_id AND i.state = 'active' AND i.broken IS NULL
        AND i.dependence <> 'moment'
      JOIN imat_catalog.frontier f ON f.imat_id = i.id AND f.here
    WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log)
      AND (wanted IS NULL OR i.id = ANY (wanted))
      AND (unchanged IS NULL OR (z.imat_id || ':' || z.relation::oid) <> ALL (unchanged))
    GROUP BY s.log
  LOOP
    -- The upper bound is always true. It makes the planner expect few rows, and so use an index on
    -- xid if there is one.
    BEGIN
      EXECUTE format(
        $sql$
          SELECT array_agg(x.n ORDER BY x.o)
          FROM (
            SELECT u.o, (SELECT count(*) FROM (
              SELECT FROM %s l
              WHERE l.xid >= pg_snapshot_xmin(u.s) AND l.xid <= '18446744073709551615'
                AND NOT pg_visible_in_snapshot(l.xid, u.s)
              LIMIT $2
            ) p) AS n
            FROM unnest($1) WITH ORDINALITY u(s, o)
          ) x
        $sql$,
        imat_catalog.required_name(log.log)
      ) INTO counted USING log.snapshots, count_up_to;
    EXCEPTION WHEN undefined_table THEN
      -- The last imat on the source was reverted at the same time.
      CONTINUE;
    END;
    RETURN QUERY SELECT * FROM unnest(log.ids, counted);
  END LOOP;
  RETURN QUERY SELECT i.id,
      coalesce(imat_catalog.count_elapsed(i.elapsed, count_up_to), 0)
        + imat_catalog.labels_changed(i.labels)::integer
    FROM imat_catalog.imat i
    JOIN imat_catalog.frontier f ON f.imat_id = i.id AND f.here
    WHERE i.state = 'active' AND i.broken IS NULL AND i.dependence <> 'moment'
      AND (wanted IS NULL OR i.id = ANY (wanted))
      AND (i.elapsed IS NOT NULL OR i.labels IS NOT NULL);
END $$;

COMMENT ON FUNCTION imat_catalog.count_pending(integer, integer[]) IS
  'Returns the number of pending rows of each imat, one row for each log that it reads, '
  'and one for rows that time has changed and labels of enums that were renamed. What time has '
  'changed counts for nothing while another session has locked the tables that tell it. '
  'count_up_to: where a count stops. wanted: ids of imats, or NULL for all.';
