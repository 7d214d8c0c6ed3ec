-- A constraint that is NULL holds.
CREATE OR REPLACE FUNCTION imat_store.captured_rows(source regclass, parts oid[]) RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(' WHERE ' || string_agg(format('(%s) IS FALSE',
    coalesce(nullif(pg_get_partition_constraintdef(t.part), ''), 'true')), ' AND '), '')
  FROM imat_store.part_tree(source) t
  WHERE t.part <> ALL (parts) AND (t.parent = source OR t.parent = ANY (parts))
$$;

COMMENT ON FUNCTION imat_store.captured_rows(regclass, oid[]) IS
  'Returns the WHERE clause that keeps rows of partitions that are captured; an empty text if all '
  'are.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.captured_rows(regclass, oid[]) TO PUBLIC;
