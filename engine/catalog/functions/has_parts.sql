-- Declared IMMUTABLE for the same reason as has_columns: its answer becomes part of the plan of a
-- capture function. The plan names the table, and all below it that can have parts themselves, by
-- regclass constants: so PostgreSQL makes it anew when one of them gets or loses a part. Statements
-- that began before, and transactions that keep their snapshots, write to a partition that is being
-- detached concurrently: as long as there is one that is not captured, the answer is false. That is
-- asked last, so that it is not older than the list. The answer is false as well if it cannot be
-- given without waiting.
CREATE OR REPLACE FUNCTION imat_store.has_parts(parents regclass[], parts oid[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN parts = ARRAY(SELECT DISTINCT t.part FROM imat_store.part_tree(parents[1]) t ORDER BY 1)
    AND NOT imat_store.is_detaching(parents::oid[], parts);
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_store.has_parts(regclass[], oid[]) IS
  'Returns true if a table, the first of parents, has exactly these partitions or inheriting '
  'tables now. The other parents are those below it that can have some themselves.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.has_parts(regclass[], oid[]) TO PUBLIC;
