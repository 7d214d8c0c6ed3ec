CREATE OR REPLACE FUNCTION imat_catalog.follow_members() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  member integer;
  patience text := current_setting('lock_timeout');
BEGIN
  PERFORM set_config('lock_timeout', '100ms', true);
  FOR member IN
    SELECT m.id FROM imat_catalog.member m
      JOIN pg_catalog.pg_class c ON c.oid = m.relation AND c.relkind = 'p'
    WHERE m.to_id IS NULL ORDER BY m.id
  LOOP
    BEGIN
      PERFORM imat_catalog.sync_member(member);
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      -- The next call tries it again.
      CONTINUE;
    END;
  END LOOP;
  PERFORM set_config('lock_timeout', patience, true);
END $$;

COMMENT ON FUNCTION imat_catalog.follow_members() IS
  'Counts the partitions of the partitioned tables in groups as they are now.';
