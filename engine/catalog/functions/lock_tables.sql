-- Writers of the first table wait while this waits for the last. So the time is limited for all
-- together, and whoever does not get the last gives up the first. The order is the same for all.
-- A table that is renamed or dropped meanwhile is looked at again by the next attempt.
CREATE OR REPLACE FUNCTION imat_catalog.lock_tables(tables oid[], lock_mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  one regclass;
  until timestamptz := clock_timestamp() + interval '50 ms';
BEGIN
  FOR one IN SELECT DISTINCT u.relation FROM unnest(tables) u(relation) ORDER BY 1 LOOP
    PERFORM set_config('lock_timeout',
      greatest(1, ceil(extract(epoch FROM until - clock_timestamp()) * 1000))::text, true);
    EXECUTE format('LOCK TABLE ONLY %s IN %s MODE', imat_catalog.required_name(one), lock_mode);
  END LOOP;
  PERFORM imat_catalog.require_locked(tables, lock_mode);
EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure OR undefined_table
  OR invalid_schema_name THEN
  RAISE lock_not_available
    USING MESSAGE = format('could not lock table "%s" in time', one),
      DETAIL = imat_catalog.lock_holder(one, lock_mode),
      HINT = 'Try again when that transaction has ended. To go on trying for longer, set '
        'lock_timeout.';
END $$;

COMMENT ON FUNCTION imat_catalog.lock_tables(oid[], text) IS
  'Locks all of the tables or none, without their partitions and children. Raises '
  'lock_not_available if that takes more than 50 ms.';
