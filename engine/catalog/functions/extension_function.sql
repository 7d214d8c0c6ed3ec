-- The function of the extension itself: in a schema that others may create in, there could be one
-- of the same name. It is not looked up by its name, for which the role would need USAGE.
CREATE OR REPLACE FUNCTION imat_catalog.extension_function(signature text) RETURNS regproc
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- It quotes the names of types.
SET quote_all_identifiers = off
AS $$
  SELECT p.oid::regproc FROM pg_extension e
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
      AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
    JOIN pg_proc p ON p.oid = d.objid
  WHERE e.extname = 'table_change_tracker'
    AND format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) = signature
$$;

COMMENT ON FUNCTION imat_catalog.extension_function(text) IS
  'Returns a function of the extension table_change_tracker; NULL if the database does not have '
  'it. signature: its name without schema, and its argument types.';
