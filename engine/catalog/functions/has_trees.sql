-- Only a plan tells a transaction that keeps its snapshot which tables inherit from a source now.
-- In PL/pgSQL, which keeps its plan: each fold asks twice.
CREATE OR REPLACE FUNCTION imat_catalog.has_trees(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT coalesce(bool_and(CASE
    WHEN current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
        AND pg_partition_root(s.relation) IS NULL
      THEN s.parts = imat_store.planned_parts(s.relation) AND NOT EXISTS (
        SELECT FROM pg_inherits i
        WHERE i.inhrelid = s.relation
          OR i.inhrelid = ANY (s.parts) AND i.inhparent <> ALL (s.parents))
    ELSE imat_catalog.is_tree(s.relation, s.parents, s.parts) END), true)
  FROM imat_catalog.imat_source z JOIN imat_catalog.source s USING (relation)
  WHERE z.imat_id = imat AND s.parts IS NOT NULL);
END $$;

COMMENT ON FUNCTION imat_catalog.has_trees(integer) IS
  'Returns true if the parts of each source of the imat that has parts are those that are '
  'captured.';
