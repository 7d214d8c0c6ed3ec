-- hold_sources gives up all locks where another session has locked a source. This waits for one
-- such lock. Call it in a transaction of its own, which holds no other: then nobody can wait for
-- that. The timeout is shorter than PostgreSQL's deadlock_timeout, because CREATE INDEX
-- CONCURRENTLY waits for snapshots, and this has one.
CREATE OR REPLACE FUNCTION imat_catalog.await_sources(imats integer[]) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '200ms'
AS $$
DECLARE
  locked regclass;
BEGIN
  SELECT l.relation::regclass INTO locked
  FROM pg_locks l JOIN imat_catalog.imat_source z
    ON l.relation = z.relation OR pg_partition_root(l.relation) = z.relation
      OR l.relation IN (SELECT t.part FROM imat_store.inheritors(z.relation) t)
  WHERE z.imat_id = ANY (imats) AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
    AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  LIMIT 1;
  IF locked IS NULL THEN RETURN false; END IF;
  EXECUTE format('LOCK TABLE ONLY %s IN ACCESS SHARE MODE', imat_catalog.required_name(locked));
  RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected OR undefined_table OR invalid_schema_name
  -- The rights on a partition may be other ones than those on the root.
  OR insufficient_privilege THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.await_sources(integer[]) IS
  'Waits for another session that has locked a source of one of these imats, or a partition of '
  'one. Returns false if there is none, or if it has the lock still after a short time.';
