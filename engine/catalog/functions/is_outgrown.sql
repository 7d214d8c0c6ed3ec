-- A pending row costs a read about as much as eight rows that are computed anew (measured: 0.85 us
-- against 0.13 us for all groups, 0.32 us against 0.15 us for one). It costs a fold as much as two:
-- what is stored has more columns than the answer, and all its rows would be written. It costs a
-- fold of a join as much as five, because what it joins with is looked up (docs/benchmarks.md).
-- Below 10,000 rows that does not matter.
--
-- If a row of a table is joined with 40 of another one, its change makes 40 rows: so 40 times fewer
-- may be pending, of as many as the definition computes: about those of the largest table. That
-- counts rows that were updated or replaced, each with its row in the log for what it was and for
-- what it is. A row that has come or gone alone is mostly one that nothing is joined with yet, or
-- no longer. Of such 500 are few. One updated row of a table of seven is not.
--
-- A row of a log takes at least 44 bytes, so a small file says at once that the bound is not
-- reached; it may also hold dead rows. The view of an imat calls it, and a view runs functions with
-- the rights of the reader, who may not read logs.
CREATE OR REPLACE FUNCTION imat_catalog.is_outgrown(imat integer, frontier pg_snapshot,
  for_one integer) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source record;
  bound bigint;
  replaced_bound bigint;
  pending bigint;
  replaced bigint;
BEGIN
  PERFORM FROM imat_catalog.imat_source z JOIN imat_catalog.source s USING (relation)
    WHERE z.imat_id = imat
      AND pg_relation_size(s.log) >= CASE z.joins WHEN '{}' THEN 440000 ELSE 1 END;
  IF NOT FOUND THEN RETURN false; END IF;
  FOR source IN
    WITH e AS MATERIALIZED (
      SELECT z.relation, s.log, z.joins, imat_store.estimated_rows(s.relation) AS rows
      FROM imat_catalog.imat_source z JOIN imat_catalog.source s USING (relation)
      WHERE z.imat_id = imat
    )
    SELECT e.log, e.rows, max(e.rows) OVER () AS most, greatest(1, (SELECT max(o.rows)
      FROM e o WHERE o.joins && e.joins AND o.relation <> e.relation) / greatest(e.rows, 1.0))
      AS fan_out
    FROM e
  LOOP
    IF source.fan_out = 1 THEN
      bound := greatest(10000, source.rows / for_one);
      replaced_bound := bound;
    ELSE
      replaced_bound := greatest(2, 10000 / source.fan_out, source.most / source.fan_out / for_one);
      bound := greatest(500, replaced_bound);
    END IF;
    CONTINUE WHEN coalesce(pg_relation_size(source.log), 0) < 44 * replaced_bound;
    EXECUTE format('SELECT count(*), 2 * least(count(*) FILTER (WHERE p.weight > 0),
        count(*) FILTER (WHERE p.weight < 0))
      FROM (SELECT l.weight FROM %s l WHERE l.xid >= pg_snapshot_xmin($1)
        AND NOT pg_visible_in_snapshot(l.xid, $1) LIMIT $2) p', source.log)
      INTO pending, replaced USING frontier, bound;
    IF pending >= bound OR replaced >= replaced_bound THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.is_outgrown(integer, pg_snapshot, integer) IS
  'Returns true if the number of rows that are pending for an imat makes it cheaper to compute its '
  'answer anew. for_one: how many rows are computed anew in the time that a pending one takes.';

GRANT EXECUTE ON FUNCTION imat_catalog.is_outgrown(integer, pg_snapshot, integer) TO PUBLIC;
