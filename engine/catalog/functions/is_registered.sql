-- Where the extension captures, its own table says which log belongs to which source. A table that
-- comes from a dump without that table's data writes nowhere (docs/extension-capture.md).
CREATE OR REPLACE FUNCTION imat_catalog.is_registered(source oid, log oid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asked regproc := imat_catalog.extension_function('capture_log(regclass)');
  registered regclass;
BEGIN
  IF asked IS NULL THEN RETURN false; END IF;
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
