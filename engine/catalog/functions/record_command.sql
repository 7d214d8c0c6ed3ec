-- It runs for the DDL of everybody, which must not fail because of it.
CREATE OR REPLACE FUNCTION imat_catalog.record_command() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Shorter than deadlock_timeout, so that nobody who waits for this is ended.
SET lock_timeout = '200ms'
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() c
      WHERE c.schema_name IS DISTINCT FROM 'pg_temp')
    AND EXISTS (SELECT FROM pg_event_trigger_ddl_commands()) THEN RETURN; END IF;
  IF NOT imat_catalog.has_images() THEN RETURN; END IF;
  PERFORM imat_catalog.record_differences(TG_TAG);
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING
    USING MESSAGE = format('imat could not record this command in the schema history: %s', SQLERRM),
      HINT = 'The next comparison (imat history --now) finds what it has changed.';
END $$;

COMMENT ON FUNCTION imat_catalog.record_command() IS
  'Event trigger: records what a command has changed in the objects that imat knows.';

REVOKE ALL ON FUNCTION imat_catalog.record_command() FROM PUBLIC;
