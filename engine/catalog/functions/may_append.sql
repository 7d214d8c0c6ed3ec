-- Declared IMMUTABLE for the same reason as has_columns: its answer becomes part of the plan of a
-- capture function.
CREATE OR REPLACE FUNCTION imat_store.may_append(log text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(has_table_privilege(to_regclass(log), 'INSERT')
    AND has_column_privilege('imat_store.reset', 'relation', 'INSERT'), false);
END $$;

COMMENT ON FUNCTION imat_store.may_append(text) IS
  'Returns true if the current role can append to a log and mark its source as reset.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.may_append(text) TO PUBLIC;
