-- The parser looks at the table as it is now, whatever the snapshot is.
CREATE OR REPLACE FUNCTION imat_store.has_column(relation regclass, column_name text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  path text[] := (pg_identify_object_as_address('pg_class'::regclass, relation, 0)).object_names;
BEGIN
  EXECUTE format('SELECT FROM (SELECT (NULL::%I.%I).*) s WHERE s.%I IS NULL', path[1], path[2],
    column_name);
  RETURN true;
EXCEPTION WHEN undefined_column THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_store.has_column(regclass, text) IS
  'Returns true if a table has a column of this name now.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.has_column(regclass, text) TO PUBLIC;
