-- It runs for the DDL of everybody, which must not fail because of it.
CREATE OR REPLACE FUNCTION imat_catalog.note_rewrite() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM set_config('imat.rewritten', concat_ws(',',
    nullif(current_setting('imat.rewritten', true), ''),
    pg_event_trigger_table_rewrite_oid()::oid), true);
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING
    USING MESSAGE = format('imat could not note which table is rewritten: %s', SQLERRM),
      HINT = 'The schema history says of this rewrite only between which times it happened.';
END $$;

COMMENT ON FUNCTION imat_catalog.note_rewrite() IS
  'Event trigger: notes for record_command which tables a command rewrites.';

REVOKE ALL ON FUNCTION imat_catalog.note_rewrite() FROM PUBLIC;
