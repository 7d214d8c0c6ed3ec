-- The condition is asked first: it raises the errors for groups and marks that there are none of. A
-- join does not look for them if nothing is there to join.
CREATE OR REPLACE FUNCTION imat.detailed_log_stat_groups(group_names text[], first_mark text,
  last_mark text)
RETURNS TABLE (stat_group text, stat_schema text, stat_table text, stat_first_mark text,
  stat_first_mark_datetime timestamptz, stat_first_time_id bigint, stat_last_mark text,
  stat_last_mark_datetime timestamptz, stat_last_time_id bigint, stat_role text, stat_verb text,
  stat_rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  WITH range AS MATERIALIZED (
    SELECT r.* FROM (SELECT DISTINCT u.name FROM unnest(group_names) u(name)) u,
      LATERAL imat_catalog.find_range(u.name, first_mark, last_mark) r
  ), change AS MATERIALIZED (
    SELECT c.member_id, c.from_id, c.to_id, c.role, c.verb, sum(c.rows)::bigint AS rows
    FROM range r,
      LATERAL imat_catalog.counted_changes((r.target).id, r.first_id, r.last_id, true) c
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(c.rows) <> 0
  )
  SELECT g.name, n.schema_name, n.relation_name, a.mark, a.at, c.from_id, z.mark, z.at, c.to_id,
    c.role, c.verb, c.rows
  FROM change c
    JOIN imat_catalog.member m ON m.id = c.member_id
    JOIN imat_catalog.change_group g ON g.id = m.group_id
    JOIN imat_catalog.moment_name a ON a.id = c.from_id
    LEFT JOIN imat_catalog.moment_name z ON z.id = c.to_id
    JOIN imat_catalog.member_name n ON n.member_id = c.member_id
  WHERE (SELECT count(*) FROM range) > 0
  ORDER BY 1, 2, 3, 6, 10, 11
$$;

COMMENT ON FUNCTION imat.detailed_log_stat_groups(text[], text, text) IS
  'Returns for each table of the groups, role and verb the number of rows changed between two '
  'marks; an UPDATE counts once. NULL for the last mark is now.';
