CREATE OR REPLACE FUNCTION imat_catalog.slices(of_group integer, kind text, first_id bigint,
  last_id bigint) RETURNS TABLE (member_id integer, from_id bigint, to_id bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m.id, greatest(m.from_id, first_id), least(m.to_id, last_id)
  FROM imat_catalog.member m
  WHERE m.group_id = of_group AND m.kind = slices.kind
    AND (last_id IS NULL OR m.from_id <= last_id) AND (m.to_id IS NULL OR m.to_id > first_id)
$$;

COMMENT ON FUNCTION imat_catalog.slices(integer, text, bigint, bigint) IS
  'Returns the parts of a range in which tables or sequences belonged to a group.';
