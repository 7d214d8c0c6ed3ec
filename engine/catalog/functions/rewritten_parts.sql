-- pg_class is read by the snapshot, pg_relation_filenode looks at what is there now.
CREATE OR REPLACE FUNCTION imat_catalog.rewritten_parts(source regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog
AS $$
  SELECT EXISTS (
    SELECT FROM pg_class c
    WHERE (c.oid = source OR c.oid IN (SELECT t.relid FROM pg_partition_tree(source) t))
      AND c.relkind IN ('r', 'm') AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid))
$$;

COMMENT ON FUNCTION imat_catalog.rewritten_parts(regclass) IS
  'Returns true if a table, or one of its partitions, was truncated or rewritten after the '
  'snapshot was taken.';

-- The views of imats call it through is_rewritten.
GRANT EXECUTE ON FUNCTION imat_catalog.rewritten_parts(regclass) TO PUBLIC;
