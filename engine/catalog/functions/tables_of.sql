-- pg_partition_tree would lock all partitions until the transaction ends.
CREATE OR REPLACE FUNCTION imat_catalog.tables_of(source regclass) RETURNS TABLE (relid oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE tree AS (
    SELECT source::oid AS relid
    UNION ALL
    SELECT i.inhrelid FROM tree t JOIN pg_class c ON c.oid = t.relid AND c.relkind = 'p'
      JOIN pg_inherits i ON i.inhparent = t.relid
    WHERE NOT i.inhdetachpending
  )
  SELECT t.relid FROM tree t
$$;

COMMENT ON FUNCTION imat_catalog.tables_of(regclass) IS
  'Returns a table and its partitions at every level, without locking them.';
