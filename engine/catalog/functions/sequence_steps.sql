CREATE OR REPLACE FUNCTION imat_catalog.sequence_steps(member integer, from_id bigint,
  to_id bigint, OUT increments bigint, OUT has_structure_changed boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN s.steps BETWEEN -9223372036854775808 AND 9223372036854775807
      THEN s.steps::bigint END, z.structure <> a.structure
  FROM (SELECT 1) one
    LEFT JOIN imat_catalog.sequence_state a ON a.member_id = member AND a.moment_id = from_id
    LEFT JOIN LATERAL (
      SELECT q.* FROM imat_catalog.sequence_state q WHERE q.member_id = member
        AND q.moment_id = to_id
      UNION ALL
      SELECT q.* FROM imat_catalog.read_sequence(member) q WHERE to_id IS NULL
    ) z ON true,
    LATERAL (SELECT div(z.last_value::numeric - a.last_value, a.increment)
      + z.is_called::integer - a.is_called::integer AS steps) s
$$;

COMMENT ON FUNCTION imat_catalog.sequence_steps(integer, bigint, bigint) IS
  'Returns by how many of its increments at the start a sequence has moved between two moments; '
  'NULL if it was dropped before the second, or if a bigint cannot hold that.';
