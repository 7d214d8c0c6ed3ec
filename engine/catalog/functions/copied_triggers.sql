-- Such a trigger logs each row once more: one that a user has renamed, for example, after a repair
-- has created it again. Where the extension captures, all its triggers call one function.
CREATE OR REPLACE FUNCTION imat_catalog.copied_triggers(source oid, relation oid)
RETURNS SETOF name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known imat_catalog.source;
  own name[] := ARRAY(SELECT n.name FROM imat_catalog.capture_triggers(source, relation) n);
BEGIN
  SELECT * INTO known FROM imat_catalog.source s WHERE s.relation = source;
  RETURN QUERY
  SELECT t.tgname FROM pg_trigger t
  WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgname <> ALL (own)
    AND (EXISTS (SELECT FROM jsonb_each_text(known.capture) c WHERE to_regproc(c.value) = t.tgfoid)
      OR known.by_extension AND EXISTS (
        SELECT FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass
            AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
          JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'table_change_tracker'
        WHERE p.oid = t.tgfoid AND p.proname = 'capture_changes'))
  ORDER BY t.tgname;
END $$;

COMMENT ON FUNCTION imat_catalog.copied_triggers(oid, oid) IS
  'Returns the triggers on a source, or on a partition of it, that call its capture functions '
  'beside the triggers of imat.';
