-- The lock tells that no other session is adding a table to a group, which may have found the event
-- trigger there. If the lock is not free, the event trigger stays: it does no harm.
CREATE OR REPLACE FUNCTION imat_catalog.follow_partitions_no_more() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger t WHERE t.evtname = 'imat_partitions')
    OR NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) THEN
    RETURN;
  END IF;
  LOCK TABLE imat_catalog.member IN SHARE ROW EXCLUSIVE MODE NOWAIT;
  IF NOT EXISTS (SELECT FROM imat_catalog.member m
      JOIN pg_catalog.pg_class c ON c.oid = m.relation AND c.relkind = 'p' WHERE m.to_id IS NULL)
  THEN
    EXECUTE 'DROP EVENT TRIGGER IF EXISTS imat_partitions';
  END IF;
EXCEPTION WHEN lock_not_available THEN
  NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_partitions_no_more() IS
  'Drops the event trigger that follows partitions, if no partitioned table is in a group.';
