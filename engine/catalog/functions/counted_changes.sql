CREATE OR REPLACE FUNCTION imat_catalog.counted_changes(of_group integer, first_id bigint,
  last_id bigint, in_detail boolean)
RETURNS TABLE (member_id integer, from_id bigint, to_id bigint, role text, verb text, rows numeric)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH slice AS MATERIALIZED (
    SELECT s.*, coalesce(s.to_id, 9223372036854775807) AS before_id,
      least(imat_catalog.block_of(s.from_id + 63), coalesce(s.to_id, 9223372036854775807))
        AS first_block
    FROM imat_catalog.slices(of_group, 'table', first_id, last_id) s
  ), part AS (
    -- The moments before the first whole block, the whole blocks, and the moments behind them.
    SELECT s.member_id, s.from_id, s.to_id, p.*
    FROM slice s, LATERAL (VALUES
      (0, s.from_id, s.first_block),
      (1, s.first_block, imat_catalog.block_of(s.before_id)),
      (0, greatest(s.first_block, imat_catalog.block_of(s.before_id)), s.before_id)
    ) p(span, first_moment, before_moment)
  )
  SELECT s.member_id, s.from_id, s.to_id, f.role, f.verb, f.rows
  FROM part s, LATERAL (
    -- An aggregate of its own for each part: a join would read the whole table.
    SELECT CASE WHEN in_detail THEN f.role END AS role, CASE WHEN in_detail THEN f.verb END AS verb,
      sum(f.rows) AS rows
    FROM imat_catalog.folded_count f
    WHERE f.member_id = s.member_id AND f.span = s.span AND f.moment_id >= s.first_moment
      AND f.moment_id < s.before_moment
    GROUP BY 1, 2
  ) f
  UNION ALL
  SELECT s.member_id, s.from_id, s.to_id, CASE WHEN in_detail THEN c.role::text END,
    CASE WHEN in_detail THEN c.verb END, sum(c.rows)
  FROM slice s JOIN imat_catalog.unfolded_count c ON c.member_id = s.member_id
    JOIN imat_catalog.moment a ON a.id = s.from_id
    LEFT JOIN imat_catalog.moment b ON b.id = s.to_id
  WHERE NOT pg_visible_in_snapshot(c.xid, a.snapshot)
    AND (b.id IS NULL OR pg_visible_in_snapshot(c.xid, b.snapshot))
  GROUP BY 1, 2, 3, 4, 5
$$;

COMMENT ON FUNCTION imat_catalog.counted_changes(integer, bigint, bigint, boolean) IS
  'Returns what was changed in the tables of a group between two moments, or since the first one, '
  'in a few rows for each table and, if asked for in detail, role and verb.';
