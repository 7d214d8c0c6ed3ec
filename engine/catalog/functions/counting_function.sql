-- A library that the server cannot load is an error here, not for writers.
CREATE OR REPLACE FUNCTION imat_catalog.counting_function() RETURNS regproc
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  quick regproc := imat_catalog.extension_function('count_changes()');
BEGIN
  IF quick IS NULL OR NOT has_function_privilege(quick, 'EXECUTE') THEN
    RETURN 'imat_catalog.count_changes'::regproc;
  END IF;
  PERFORM fmgr_c_validator(quick);
  RETURN quick;
END $$;

COMMENT ON FUNCTION imat_catalog.counting_function() IS
  'Returns the trigger function that counts changes: that of the extension table_change_tracker '
  'where the database has it and the current role may use it.';
