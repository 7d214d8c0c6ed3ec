-- It runs for the DDL of everybody, which must not fail because of it.
CREATE OR REPLACE FUNCTION imat_catalog.follow_partitions() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- What imat itself does makes no partitions.
  IF coalesce(current_setting('imat.maintaining', true), '') = 'on' THEN RETURN; END IF;
  PERFORM imat_catalog.follow_members(ARRAY(
    SELECT c.objid FROM pg_event_trigger_ddl_commands() c
    WHERE c.classid = 'pg_class'::regclass));
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING
    USING MESSAGE = format('imat could not follow the partitions of counted tables: %s', SQLERRM),
      HINT = 'SELECT imat.fold_counts() tries it again.';
END $$;

COMMENT ON FUNCTION imat_catalog.follow_partitions() IS
  'Event trigger: begins and ends the counting of partitions with the command that makes them.';

REVOKE ALL ON FUNCTION imat_catalog.follow_partitions() FROM PUBLIC;
