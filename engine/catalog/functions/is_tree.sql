-- A statement of a READ COMMITTED transaction sees the parts of its snapshot. A transaction that
-- keeps its snapshot reads the parts that are there now: PostgreSQL plans with those. Only a plan
-- tells which tables inherit now, so the answer is false there (has_trees asks for a plan).
--
-- A table that inherits from two can be written through either, so no parent of a part may be
-- outside. A partition has one parent. Tables of other sessions' temporary schemas are read by
-- nobody else.
CREATE OR REPLACE FUNCTION imat_catalog.is_tree(source regclass, parents oid[], parts oid[])
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  root regclass := pg_partition_root(source);
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RETURN coalesce(root = source, false) AND parts = ARRAY(
      SELECT t.relid::oid FROM pg_partition_tree(source) t WHERE t.relid <> source ORDER BY 1);
  END IF;
  IF EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = source) THEN RETURN false; END IF;
  IF root = source THEN
    RETURN parts = ARRAY(SELECT i.inhrelid FROM pg_inherits i
      WHERE i.inhparent = ANY (parents) AND NOT i.inhdetachpending ORDER BY 1);
  END IF;
  RETURN parts = ARRAY(SELECT DISTINCT i.inhrelid FROM pg_inherits i
      WHERE i.inhparent = ANY (parents) AND (
        SELECT c.relpersistence = 't' AND pg_is_other_temp_schema(c.relnamespace)
        FROM pg_class c WHERE c.oid = i.inhrelid) IS NOT TRUE
      ORDER BY 1)
    AND NOT EXISTS (SELECT FROM pg_inherits i
      WHERE i.inhrelid = ANY (parts) AND i.inhparent <> ALL (parents));
END $$;

COMMENT ON FUNCTION imat_catalog.is_tree(regclass, oid[], oid[]) IS
  'Returns true if the partitions of a table, or the tables that inherit from it, are those that '
  'are captured. Otherwise the log and the states do not stand for the rows of the table.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.is_tree(regclass, oid[], oid[]) TO PUBLIC;
