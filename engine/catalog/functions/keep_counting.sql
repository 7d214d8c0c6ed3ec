-- The command that has changed the triggers has locked the table against writers, so each counts
-- once. It must not fail by this.
CREATE OR REPLACE FUNCTION imat_catalog.keep_counting(tables oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  changed oid;
BEGIN
  FOR changed IN
    SELECT DISTINCT t.tgrelid FROM pg_trigger t
    WHERE t.tgrelid = ANY (tables) AND t.tgname LIKE '!imat%'
  LOOP
    PERFORM imat_catalog.share_counting(changed, false);
  END LOOP;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING
    USING MESSAGE = format('changes of %s may be counted wrongly: %s', changed::regclass, SQLERRM),
      HINT = 'Remove the table from its groups and add it again.';
END $$;

COMMENT ON FUNCTION imat_catalog.keep_counting(oid[]) IS
  'After a command of a user: has the counting triggers of these tables count what capture counts '
  'no longer.';
