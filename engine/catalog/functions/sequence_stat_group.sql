CREATE OR REPLACE FUNCTION imat.sequence_stat_group(group_name text, first_mark text,
  last_mark text)
RETURNS TABLE (stat_group text, stat_schema text, stat_sequence text, stat_first_mark text,
  stat_first_mark_datetime timestamptz, stat_first_time_id bigint, stat_last_mark text,
  stat_last_mark_datetime timestamptz, stat_last_time_id bigint, stat_increments bigint,
  stat_has_structure_changed boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM imat.sequence_stat_groups(ARRAY[group_name], first_mark, last_mark) $$;

COMMENT ON FUNCTION imat.sequence_stat_group(text, text, text) IS
  'Returns for each sequence of a group by how many increments it has moved between two marks. A '
  'setval or a cycle in between is not detected. NULL for the last mark is now.';
