CREATE OR REPLACE FUNCTION imat.log_stat_sequence(schema_name text, sequence_name text,
  start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL)
RETURNS TABLE (stat_group text, stat_first_mark text, stat_first_mark_datetime timestamptz,
  stat_first_time_id bigint, stat_is_log_start boolean, stat_last_mark text,
  stat_last_mark_datetime timestamptz, stat_last_time_id bigint, stat_is_log_stop boolean,
  stat_increments bigint, stat_has_structure_changed boolean,
  stat_rollbacks integer)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT i.group_name, i.from_mark, i.from_at, i.from_id, i.is_start, i.to_mark, i.to_at, i.to_id,
    i.is_stop, d.increments, d.has_structure_changed, 0
  FROM imat_catalog.intervals('sequence', schema_name, sequence_name) i,
    LATERAL imat_catalog.sequence_steps(i.member_id, i.from_id, i.to_id) d
  WHERE (start_at IS NULL OR i.to_at IS NULL OR i.to_at > start_at)
    AND (end_at IS NULL OR i.from_at < end_at)
  ORDER BY i.from_id
$$;

COMMENT ON FUNCTION imat.log_stat_sequence(text, text, timestamptz, timestamptz) IS
  'Returns by how many increments a sequence has moved between the marks of its groups, from '
  'the interval that surrounds the first of two times to the one that surrounds the second.';
