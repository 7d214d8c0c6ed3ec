CREATE OR REPLACE FUNCTION imat_catalog.interval_rows(member integer, from_id bigint, to_id bigint)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (coalesce((SELECT sum(f.rows) FROM imat_catalog.folded_count f
      WHERE f.member_id = member AND f.span = 0 AND f.moment_id >= from_id
        AND (to_id IS NULL OR f.moment_id < to_id)), 0)
    + coalesce((SELECT sum(c.rows) FROM imat_catalog.unfolded_count c
      WHERE c.member_id = member AND NOT pg_visible_in_snapshot(c.xid, a.snapshot)
        AND (to_id IS NULL OR pg_visible_in_snapshot(c.xid, z.snapshot))), 0))::bigint
  FROM imat_catalog.moment a LEFT JOIN imat_catalog.moment z ON z.id = to_id WHERE a.id = from_id
$$;

COMMENT ON FUNCTION imat_catalog.interval_rows(integer, bigint, bigint) IS
  'Returns how many rows of a table of a group were changed between two moments.';
