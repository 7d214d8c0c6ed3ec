-- Where the extension captures, its own table says which log belongs to which source. A table that
-- comes from a dump without that table's data writes nowhere (docs/extension-capture.md).
CREATE OR REPLACE FUNCTION imat_catalog.is_registered(source oid, log oid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asked regproc;
  registered regclass;
BEGIN
  SELECT p.oid INTO asked FROM pg_extension e
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
      AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
    JOIN pg_proc p ON p.oid = d.objid
  WHERE e.extname = 'table_change_tracker' AND p.proname = 'capture_log';
  IF NOT FOUND THEN RETURN false; END IF;
  -- Whoever may not ask, such as a role for monitoring, is told of no problem.
  IF NOT has_function_privilege(asked, 'EXECUTE') OR NOT has_schema_privilege(
      (SELECT p.pronamespace FROM pg_proc p WHERE p.oid = asked), 'USAGE') THEN
    RETURN true;
  END IF;
  EXECUTE format('SELECT %s($1)', asked) USING source::regclass INTO registered;
  RETURN registered IS NOT DISTINCT FROM log::regclass;
END $$;

COMMENT ON FUNCTION imat_catalog.is_registered(oid, oid) IS
  'Returns true if the extension writes the changes of a source to this log.';
