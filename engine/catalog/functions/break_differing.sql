-- One that another session works on is counted, and marked by the next check. To compare generated
-- columns locks their tables for a moment: whoever has locked one of them may wait for this
-- transaction, so it gives up soon, and the next check compares.
CREATE OR REPLACE FUNCTION imat_catalog.break_differing(wanted integer[], wait boolean)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_one record;
  differing integer := 0;
  patience text := current_setting('lock_timeout');
BEGIN
  IF NOT wait THEN PERFORM set_config('lock_timeout', '50ms', true); END IF;
  FOR found_one IN
    SELECT d.imat_id, string_agg(DISTINCT d.message, '; ') AS reason
    FROM imat_catalog.differences(wanted) d GROUP BY d.imat_id ORDER BY d.imat_id
  LOOP
    differing := differing + 1;
    IF wait THEN
      PERFORM imat_catalog.break_imat(found_one.imat_id, found_one.reason);
      CONTINUE;
    END IF;
    BEGIN
      PERFORM FROM imat_catalog.imat i WHERE i.id = found_one.imat_id
        FOR NO KEY UPDATE SKIP LOCKED;
      CONTINUE WHEN NOT FOUND;
      PERFORM imat_catalog.break_imat(found_one.imat_id, found_one.reason);
    EXCEPTION WHEN lock_not_available THEN
      -- Another session works on an imat that reads it. That keeps no others from being marked.
      CONTINUE;
    END;
  END LOOP;
  PERFORM imat_catalog.adopt_facts(wanted);
  BEGIN
    PERFORM imat_catalog.note_renamed(wanted);
    PERFORM imat_catalog.note_written(wanted);
  EXCEPTION WHEN lock_not_available OR serialization_failure THEN
    -- The marks that were made stay, and the next check notes it.
    NULL;
  END;
  PERFORM set_config('lock_timeout', patience, true);
  RETURN differing;
EXCEPTION WHEN lock_not_available THEN
  IF wait THEN RAISE; END IF;
  RETURN 0;
END $$;

COMMENT ON FUNCTION imat_catalog.break_differing(integer[], boolean) IS
  'Marks the imats as broken that do not pass their checks, and returns how many do not. wanted: '
  'ids of imats, or NULL for all. wait: for other sessions that work on them.';
