-- A statement of a READ COMMITTED transaction sees the partitions of its snapshot. A transaction
-- that keeps its snapshot reads the partitions that are there now: PostgreSQL plans with those.
CREATE OR REPLACE FUNCTION imat_catalog.is_tree(source regclass, parents oid[], parts oid[])
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog
AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
    RETURN parts = ARRAY(SELECT i.inhrelid FROM pg_inherits i
        WHERE i.inhparent = ANY (parents) AND NOT i.inhdetachpending ORDER BY 1)
      AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = source);
  END IF;
  RETURN parts = ARRAY(SELECT t.relid::oid FROM pg_partition_tree(source) t
      WHERE t.relid <> source ORDER BY 1)
    AND pg_partition_root(source) = source;
END $$;

COMMENT ON FUNCTION imat_catalog.is_tree(regclass, oid[], oid[]) IS
  'Returns true if the partitions of a table are those that are captured. Otherwise the log and '
  'the states do not stand for the rows of the table.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.is_tree(regclass, oid[], oid[]) TO PUBLIC;
