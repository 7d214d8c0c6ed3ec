CREATE OR REPLACE FUNCTION imat_catalog.lock_relation(relation regclass, lock_mode text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('LOCK TABLE %s IN %s MODE',
    imat_catalog.required_name(relation), lock_mode);
  PERFORM imat_catalog.require_locked(ARRAY[relation::oid], lock_mode);
END $$;

COMMENT ON FUNCTION imat_catalog.lock_relation(regclass, text) IS
  'Locks a table with its partitions. Raises an error if it was dropped, or if another table had '
  'its name at that moment.';
