CREATE OR REPLACE FUNCTION imat_catalog.counted_changes(of_group integer, first_id bigint,
  last_id bigint)
RETURNS TABLE (member_id integer, from_id bigint, to_id bigint, role text, verb text, rows numeric)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH slice AS MATERIALIZED (
    SELECT * FROM imat_catalog.slices(of_group, 'table', first_id, last_id)
  )
  SELECT s.member_id, s.from_id, s.to_id, f.role, f.verb, sum(f.rows)
  FROM slice s JOIN imat_catalog.folded_count f ON f.member_id = s.member_id
    AND f.moment_id >= s.from_id AND (s.to_id IS NULL OR f.moment_id < s.to_id)
  GROUP BY 1, 2, 3, 4, 5
  UNION ALL
  SELECT s.member_id, s.from_id, s.to_id, c.role::text, c.verb, sum(c.rows)
  FROM slice s JOIN imat_catalog.unfolded_count c ON c.member_id = s.member_id
    JOIN imat_catalog.moment a ON a.id = s.from_id
    LEFT JOIN imat_catalog.moment b ON b.id = s.to_id
  WHERE NOT pg_visible_in_snapshot(c.xid, a.snapshot)
    AND (b.id IS NULL OR pg_visible_in_snapshot(c.xid, b.snapshot))
  GROUP BY 1, 2, 3, 4, 5
$$;

COMMENT ON FUNCTION imat_catalog.counted_changes(integer, bigint, bigint) IS
  'Returns what was changed in the tables of a group between two moments, or since the first one, '
  'in one or two rows for each table, role and verb.';
