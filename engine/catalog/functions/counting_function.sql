-- The function of the extension itself: in a schema that others may create in, there could be one
-- of the same name. A library that the server cannot load is an error here, not for writers.
CREATE OR REPLACE FUNCTION imat_catalog.counting_function() RETURNS regproc
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  quick oid;
BEGIN
  SELECT p.oid INTO quick FROM pg_extension e
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
      AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
    JOIN pg_proc p ON p.oid = d.objid
  WHERE e.extname = 'table_change_tracker' AND p.proname = 'count_changes'
    AND has_function_privilege(p.oid, 'EXECUTE');
  IF NOT FOUND THEN RETURN 'imat_catalog.count_changes'::regproc; END IF;
  PERFORM fmgr_c_validator(quick);
  RETURN quick::regproc;
END $$;

COMMENT ON FUNCTION imat_catalog.counting_function() IS
  'Returns the trigger function that counts changes: that of the extension table_change_tracker '
  'where the database has it and the current role may use it.';
