CREATE OR REPLACE FUNCTION imat.log_stat_table(schema_name text, table_name text,
  start_group text, start_mark text,
  end_group text DEFAULT NULL, end_mark text DEFAULT NULL)
RETURNS TABLE (stat_group text, stat_first_mark text, stat_first_mark_datetime timestamptz,
  stat_first_time_id bigint, stat_is_log_start boolean, stat_last_mark text,
  stat_last_mark_datetime timestamptz, stat_last_time_id bigint, stat_is_log_stop boolean,
  stat_changes bigint, stat_rollbacks integer)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT i.group_name, i.from_mark, i.from_at, i.from_id, i.is_start, i.to_mark, i.to_at, i.to_id,
    i.is_stop, imat_catalog.interval_rows(i.member_id, i.from_id, i.to_id), 0
  FROM imat_catalog.intervals('table', schema_name, table_name) i,
    LATERAL imat_catalog.interval_bounds(start_group, start_mark, end_group, end_mark) b
  WHERE (i.to_id IS NULL OR i.to_id > b.first_id)
    AND (b.last_id IS NULL OR i.from_id < b.last_id)
  ORDER BY i.from_id
$$;

COMMENT ON FUNCTION imat.log_stat_table(text, text, text, text, text, text) IS
  'Returns how many rows of a table were changed between the marks of its groups, from the '
  'interval that surrounds the first of two marks to the one that surrounds the second.';
