CREATE OR REPLACE FUNCTION imat.detailed_log_stat_group(group_name text, first_mark text,
  last_mark text)
RETURNS TABLE (stat_group text, stat_schema text, stat_table text, stat_first_mark text,
  stat_first_mark_datetime timestamptz, stat_first_time_id bigint, stat_last_mark text,
  stat_last_mark_datetime timestamptz, stat_last_time_id bigint, stat_role text, stat_verb text,
  stat_rows bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM imat.detailed_log_stat_groups(ARRAY[group_name], first_mark, last_mark) $$;

COMMENT ON FUNCTION imat.detailed_log_stat_group(text, text, text) IS
  'Returns for each table of a group, role and verb the number of rows changed between two marks; '
  'an UPDATE counts once. NULL for the last mark is now.';
