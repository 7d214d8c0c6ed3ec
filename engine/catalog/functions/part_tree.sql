-- A partition that is being detached concurrently counts as gone for whoever sees that. VOLATILE,
-- so that READ COMMITTED looks at what is committed now. A transaction that keeps its snapshot must
-- ask a function that goes by the catalogs' caches; that function locks the partitions, so it is
-- asked only there.
CREATE OR REPLACE FUNCTION imat_store.part_tree(source regclass)
RETURNS TABLE (parent oid, part oid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
    RETURN QUERY
      WITH RECURSIVE tree AS (
        SELECT i.inhparent, i.inhrelid FROM pg_inherits i
        WHERE i.inhparent = source AND NOT i.inhdetachpending
        UNION ALL
        SELECT i.inhparent, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.inhrelid
        WHERE NOT i.inhdetachpending
      )
      SELECT t.inhparent, t.inhrelid FROM tree t;
  ELSE
    RETURN QUERY
      SELECT t.parentrelid::oid, t.relid::oid FROM pg_partition_tree(source) t
      WHERE t.relid <> source;
  END IF;
END $$;

COMMENT ON FUNCTION imat_store.part_tree(regclass) IS
  'Returns the partitions that a table has now, at every level, each with its parent.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.part_tree(regclass) TO PUBLIC;
