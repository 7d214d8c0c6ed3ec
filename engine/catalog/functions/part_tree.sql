-- A partition that is being detached concurrently counts as gone for whoever sees that. VOLATILE,
-- so that READ COMMITTED looks at what is committed now. A transaction that keeps its snapshot must
-- ask a function that goes by the catalogs' caches. That one locks all partitions, which no writer
-- does. So it is asked in a subtransaction that is rolled back, which releases the locks, and only
-- if nobody makes it wait. The timeout is for those who come in between.
--
-- Of a transaction that keeps its snapshot, all tables that inherit count as those of the source.
CREATE OR REPLACE FUNCTION imat_store.part_tree(source regclass)
RETURNS TABLE (parent oid, part oid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
DECLARE
  parents oid[];
  parts oid[];
BEGIN
  IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
    RETURN QUERY SELECT t.parent, t.part FROM imat_store.inheritors(source) t;
    RETURN;
  END IF;
  BEGIN
    IF imat_store.is_locked(source, true) THEN
      RAISE lock_not_available USING MESSAGE = format('another session has locked %s', source);
    END IF;
    IF pg_partition_root(source) IS NULL THEN
      parts := imat_store.planned_parts(source);
      IF parts IS NULL THEN
        RAISE lock_not_available USING MESSAGE = format('the plan of %s cannot be asked', source);
      END IF;
      parents := ARRAY(SELECT source::oid FROM unnest(parts));
    ELSE
      SELECT array_agg(t.parentrelid::oid), array_agg(t.relid::oid) INTO parents, parts
      FROM pg_partition_tree(source) t WHERE t.relid <> source;
    END IF;
    RAISE raise_exception;
  EXCEPTION WHEN raise_exception THEN
    RETURN QUERY SELECT u.parent, u.part FROM unnest(parents, parts) u(parent, part);
  END;
END $$;

COMMENT ON FUNCTION imat_store.part_tree(regclass) IS
  'Returns the partitions that a table has now, or the tables that inherit from it, at every '
  'level, each with its parents (NULL if it is being detached). Raises lock_not_available if a '
  'transaction that keeps its snapshot would have to wait.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.part_tree(regclass) TO PUBLIC;
