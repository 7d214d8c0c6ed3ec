-- Only superusers may create event triggers. Without one, fold_counts finds new partitions.
CREATE OR REPLACE FUNCTION imat_catalog.follow_partitions_from_now_on() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger t WHERE t.evtname = 'imat_partitions')
    AND EXISTS (SELECT FROM imat_catalog.member m
      JOIN pg_catalog.pg_class c ON c.oid = m.relation AND c.relkind = 'p' WHERE m.to_id IS NULL)
  THEN
    EXECUTE 'CREATE EVENT TRIGGER imat_partitions ON ddl_command_end
      WHEN TAG IN (''CREATE TABLE'', ''ALTER TABLE'')
      EXECUTE FUNCTION imat_catalog.follow_partitions()';
  END IF;
EXCEPTION WHEN unique_violation OR duplicate_object THEN
  -- Another session has created it meanwhile.
  NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_partitions_from_now_on() IS
  'Creates the event trigger that follows partitions, if a partitioned table is in a group.';
