-- A counter is folded when it lies before a moment in all groups that have its table. It lies
-- behind the last moment whose snapshot does not show it: visibility only grows.
--
-- After a VACUUM of the emptied table the planner expects no counters, and nested loops over those
-- that came since would take the square of their number.
CREATE OR REPLACE FUNCTION imat_catalog.fold_counters() RETURNS bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET jit = off
AS $$
  WITH work AS MATERIALIZED (
    SELECT DISTINCT c.counted_id, c.xid FROM imat_catalog.change_count c
  ), bounds AS MATERIALIZED (
    SELECT p.counted_id, m.id AS member_id, m.group_id, m.to_id IS NULL AS is_open,
      a.snapshot AS begun, z.snapshot AS ended, z.id AS ended_id
    FROM imat_catalog.member_part p JOIN imat_catalog.member m ON m.id = p.member_id
      JOIN imat_catalog.change_group g ON g.id = m.group_id
      JOIN imat_catalog.moment a ON a.id = m.from_id
      JOIN imat_catalog.moment z ON z.id = coalesce(m.to_id, g.last_moment_id)
  ), due AS MATERIALIZED (
    SELECT w.counted_id, w.xid FROM work w
    WHERE NOT EXISTS (SELECT FROM bounds b WHERE b.counted_id = w.counted_id AND b.is_open
      AND NOT pg_visible_in_snapshot(w.xid, b.ended))
  ), place AS MATERIALIZED (
    SELECT d.counted_id, d.xid, b.member_id, (
      SELECT o.id FROM imat_catalog.moment o
      WHERE o.group_id = b.group_id AND o.id < b.ended_id
        AND NOT pg_visible_in_snapshot(d.xid, o.snapshot)
      ORDER BY o.id DESC LIMIT 1) AS moment_id
    FROM due d JOIN bounds b ON b.counted_id = d.counted_id
    WHERE NOT pg_visible_in_snapshot(d.xid, b.begun) AND pg_visible_in_snapshot(d.xid, b.ended)
  ), gone AS (
    DELETE FROM imat_catalog.change_count c USING due d
    WHERE d.counted_id = c.counted_id AND d.xid = c.xid
    RETURNING c.*
  ), folded AS (
    INSERT INTO imat_catalog.folded_count AS f (member_id, span, moment_id, role, verb, rows)
    SELECT p.member_id, s.span,
      CASE s.span WHEN 0 THEN p.moment_id ELSE imat_catalog.block_of(p.moment_id) END,
      g.role, g.verb, sum(g.rows)
    FROM gone g JOIN place p ON p.counted_id = g.counted_id AND p.xid = g.xid,
      (VALUES (0), (1)) s(span)
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (member_id, span, moment_id, role, verb) DO UPDATE SET rows = f.rows + excluded.rows
  )
  SELECT count(*) FROM gone
$$;

COMMENT ON FUNCTION imat_catalog.fold_counters() IS
  'Adds up the counters of intervals that have ended; returns how many it has removed. Groups must '
  'be locked against changes of their tables and against the deletion of marks.';
