-- A pending row costs a read about as much as eight rows that are computed anew (measured: 0.85 us
-- against 0.13 us for all groups, 0.32 us against 0.15 us for one). It costs a fold as much as two:
-- what is stored has more columns than the answer, and all its rows would be written. It costs a
-- fold of a join as much as five, because what it joins with is looked up (docs/benchmarks.md).
-- Below 10,000 rows that does not matter. If a row of a table is joined with 40 of another one, its
-- change makes 40 rows: so 40 times fewer may be pending. An eighth of its rows make as many as an
-- eighth of what is computed anew.
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
  pending bigint;
BEGIN
  FOR source IN
    SELECT e.*, max(e.rows * e.fan_out) OVER () AS most
    FROM (
      SELECT s.log, z.fan_out, imat_store.estimated_rows(s.relation) AS rows
      FROM imat_catalog.imat_source z JOIN imat_catalog.source s USING (relation)
      WHERE z.imat_id = imat
    ) e
  LOOP
    bound := CASE source.fan_out WHEN 1 THEN greatest(10000, source.rows / for_one)
      ELSE greatest(500, 10000 / source.fan_out, source.most / source.fan_out / for_one) END;
    CONTINUE WHEN coalesce(pg_relation_size(source.log), 0) < 44 * bound;
    EXECUTE format('SELECT count(*) FROM (SELECT FROM %s l WHERE l.xid >= pg_snapshot_xmin($1)
      AND NOT pg_visible_in_snapshot(l.xid, $1) LIMIT $2) p', source.log)
      INTO pending USING frontier, bound;
    IF pending >= bound THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.is_outgrown(integer, pg_snapshot, integer) IS
  'Returns true if the number of rows that are pending for an imat makes it cheaper to compute its '
  'answer anew. for_one: how many rows are computed anew in the time that a pending one takes.';

GRANT EXECUTE ON FUNCTION imat_catalog.is_outgrown(integer, pg_snapshot, integer) TO PUBLIC;
