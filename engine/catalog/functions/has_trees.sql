CREATE OR REPLACE FUNCTION imat_catalog.has_trees(imat integer) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT coalesce(bool_and(imat_catalog.is_tree(s.relation, s.parents, s.parts)), true)
  FROM imat_catalog.imat_source z JOIN imat_catalog.source s USING (relation)
  WHERE z.imat_id = imat AND s.parts IS NOT NULL
$$;

COMMENT ON FUNCTION imat_catalog.has_trees(integer) IS
  'Returns true if the partitions of each partitioned source of the imat are those that are '
  'captured.';
