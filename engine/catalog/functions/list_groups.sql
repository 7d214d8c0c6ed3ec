CREATE OR REPLACE FUNCTION imat.list_groups()
RETURNS TABLE (group_name text, group_owner name, group_is_counting boolean, group_tables bigint,
  group_sequences bigint, group_marks bigint, group_creation_datetime timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT g.name, pg_get_userbyid(g.owner), NOT o.is_stop, m.tables, m.sequences, k.marks,
    g.created_at
  FROM imat_catalog.change_group g JOIN imat_catalog.moment o ON o.id = g.last_moment_id,
    LATERAL (SELECT count(*) FILTER (WHERE m.kind = 'table') AS tables,
      count(*) FILTER (WHERE m.kind = 'sequence') AS sequences
      FROM imat_catalog.member m WHERE m.group_id = g.id AND m.to_id IS NULL) m,
    LATERAL (SELECT count(k.mark) AS marks FROM imat_catalog.moment k WHERE k.group_id = g.id) k
  WHERE imat_catalog.may_read_group(imat_catalog.caller(), g.id)
  ORDER BY g.name
$$;

COMMENT ON FUNCTION imat.list_groups() IS 'Returns the groups that the caller may read.';
