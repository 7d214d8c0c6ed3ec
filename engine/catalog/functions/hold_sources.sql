-- TRUNCATE and rewrites are not MVCC: an older snapshot reads such a table as empty, and a state
-- computed from it would stay wrong. PostgreSQL does not go by the snapshot for partitions either.
-- LOCK TABLE locks those as well.
--
-- Whoever has locked a source may wait for this transaction: for a lock on another source, or for
-- its snapshot to go (DETACH PARTITION CONCURRENTLY). So it does not wait, but gives up all locks,
-- and the callers begin again. The timeout is for those who come in between.
CREATE OR REPLACE FUNCTION imat_catalog.hold_sources(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  source regclass;
BEGIN
  FOR source IN
    SELECT z.relation::regclass FROM imat_catalog.imat_source z
    WHERE z.imat_id = imat AND EXISTS (SELECT FROM pg_class c WHERE c.oid = z.relation)
      ORDER BY z.relation
  LOOP
    IF imat_store.is_locked(source, true) THEN RETURN false; END IF;
    PERFORM imat_catalog.lock_relation(source, 'ACCESS SHARE');
  END LOOP;
  BEGIN
    PERFORM imat_catalog.require_intact(imat);
  EXCEPTION WHEN SQLSTATE 'IM021' THEN
    -- What the snapshot shows is also gone after a revert, and after a repair, which builds it
    -- anew: then the row cannot be locked.
    PERFORM FROM imat_catalog.imat i WHERE i.id = imat FOR NO KEY UPDATE NOWAIT;
    RAISE;
  END;
  RETURN imat_catalog.has_trees(imat) AND NOT imat_catalog.is_rewritten(ARRAY(
    SELECT z.relation::regclass FROM imat_catalog.imat_source z WHERE z.imat_id = imat));
EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure OR undefined_table
  OR invalid_schema_name THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.hold_sources(integer) IS
  'Locks the sources of an imat against TRUNCATE and rewrites until the transaction ends. '
  'Returns false if a lock is not free, if one of them was truncated or rewritten since the '
  'snapshot was taken, if it has other partitions than those that are captured, or if the imat was '
  'built anew or reverted since. Raises an error if objects that it is made of were dropped.';
