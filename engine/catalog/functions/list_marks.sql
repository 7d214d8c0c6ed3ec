CREATE OR REPLACE FUNCTION imat.list_marks(group_name text)
RETURNS TABLE (mark_group text, mark_name text, mark_time_id bigint, mark_datetime timestamptz,
  mark_is_stop boolean, mark_comment text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT group_name, o.mark, o.id, o.at, o.is_stop, o.comment
  FROM imat_catalog.find_group(group_name, false) g
    JOIN imat_catalog.moment o ON o.group_id = g.id
  WHERE o.mark IS NOT NULL ORDER BY o.id
$$;

COMMENT ON FUNCTION imat.list_marks(text) IS 'Returns the marks of a group in their order.';
