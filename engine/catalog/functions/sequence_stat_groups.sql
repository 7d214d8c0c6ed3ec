-- The condition is asked first: it raises the errors for groups and marks that there are none of. A
-- join does not look for them if nothing is there to join.
CREATE OR REPLACE FUNCTION imat.sequence_stat_groups(group_names text[], first_mark text,
  last_mark text)
RETURNS TABLE (stat_group text, stat_schema text, stat_sequence text, stat_first_mark text,
  stat_first_mark_datetime timestamptz, stat_first_time_id bigint, stat_last_mark text,
  stat_last_mark_datetime timestamptz, stat_last_time_id bigint, stat_increments bigint,
  stat_has_structure_changed boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  WITH range AS MATERIALIZED (
    SELECT r.* FROM (SELECT DISTINCT u.name FROM unnest(group_names) u(name)) u,
      LATERAL imat_catalog.find_range(u.name, first_mark, last_mark) r
  )
  SELECT (r.target).name, n.schema_name, n.relation_name, a.mark, a.at, s.from_id, z.mark, z.at,
    s.to_id, d.increments, d.has_structure_changed
  FROM range r,
    LATERAL imat_catalog.slices((r.target).id, 'sequence', r.first_id, r.last_id) s
    CROSS JOIN LATERAL imat_catalog.sequence_steps(s.member_id, s.from_id, s.to_id) d
    JOIN imat_catalog.moment_name a ON a.id = s.from_id
    LEFT JOIN imat_catalog.moment_name z ON z.id = s.to_id
    JOIN imat_catalog.member_name n ON n.member_id = s.member_id
  WHERE (SELECT count(*) FROM range) > 0
  ORDER BY 1, 2, 3, 6
$$;

COMMENT ON FUNCTION imat.sequence_stat_groups(text[], text, text) IS
  'Returns for each sequence of the groups by how many increments it has moved between two marks. '
  'A setval or a cycle in between is not detected. NULL for the last mark is now.';
