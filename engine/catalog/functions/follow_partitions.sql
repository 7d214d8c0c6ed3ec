-- It runs for the DDL of everybody, which must not fail because of it.
CREATE OR REPLACE FUNCTION imat_catalog.follow_partitions() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.follow_members();
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING
    USING MESSAGE = format('imat could not follow the partitions of counted tables: %s', SQLERRM),
      HINT = 'SELECT imat.fold_counts() tries it again.';
END $$;

COMMENT ON FUNCTION imat_catalog.follow_partitions() IS
  'Event trigger: begins and ends the counting of partitions with the command that makes them.';

REVOKE ALL ON FUNCTION imat_catalog.follow_partitions() FROM PUBLIC;
