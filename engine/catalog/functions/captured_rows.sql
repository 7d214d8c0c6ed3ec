-- A constraint that is NULL holds. PostgreSQL locks a partition and all that are above it in order
-- to tell its constraint; see part_tree. A partition that is being detached, and is still one for
-- the snapshot of the transaction, has no parent there.
CREATE OR REPLACE FUNCTION imat_store.captured_rows(source regclass, parts oid[]) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
DECLARE
  added oid[] := ARRAY(SELECT t.part FROM imat_store.part_tree(source) t
    WHERE t.part <> ALL (parts)
      AND (t.parent IS NULL OR t.parent = source OR t.parent = ANY (parts)));
  condition text;
BEGIN
  IF added = '{}' THEN RETURN ''; END IF;
  IF (SELECT bool_or(imat_store.is_locked(u.part, false)) FROM unnest(source || added) u(part)) THEN
    RAISE lock_not_available USING MESSAGE = format('another session has locked %s', source);
  END IF;
  SELECT ' WHERE ' || string_agg(format('(%s) IS FALSE',
    coalesce(nullif(pg_get_partition_constraintdef(u.part), ''), 'true')), ' AND ')
    INTO condition FROM unnest(added) u(part);
  RAISE raise_exception;
EXCEPTION WHEN raise_exception THEN
  RETURN condition;
END $$;

COMMENT ON FUNCTION imat_store.captured_rows(regclass, oid[]) IS
  'Returns the WHERE clause that keeps rows of partitions that are captured; an empty text if all '
  'are. Raises lock_not_available if it would have to wait.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.captured_rows(regclass, oid[]) TO PUBLIC;
