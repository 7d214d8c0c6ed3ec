CREATE OR REPLACE FUNCTION imat_catalog.note_triggers(source oid, relation oid) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE imat_catalog.source s
  SET triggers = coalesce(s.triggers, '{}')
    || imat_catalog.triggers_of(source, note_triggers.relation)
  WHERE s.relation = source;
$$;

COMMENT ON FUNCTION imat_catalog.note_triggers(oid, oid) IS
  'Notes the triggers on a source, or on a partition of it, as they are. The caller has locked '
  'the table.';
