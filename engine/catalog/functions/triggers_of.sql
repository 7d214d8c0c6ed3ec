-- A trigger that is disabled and enabled again has another row version: what was written meanwhile
-- was not captured.
CREATE OR REPLACE FUNCTION imat_catalog.triggers_of(source oid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (
    SELECT string_agg(concat_ws(':', t.tgname, t.tgenabled, t.tgfoid, t.xmin, md5(p.prosrc)), ' '
      ORDER BY t.tgname)
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = source
      AND t.tgname IN ('!imat_insert', '!imat_update', '!imat_delete', '~imat_truncate'));
END $$;

COMMENT ON FUNCTION imat_catalog.triggers_of(oid) IS
  'Returns the capture triggers of a source as one text to compare: which function each calls, '
  'whether it is enabled, and its version.';
