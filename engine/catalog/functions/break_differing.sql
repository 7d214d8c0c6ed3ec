-- One that another session works on is counted, and marked by the next check.
CREATE OR REPLACE FUNCTION imat_catalog.break_differing(wanted integer[], wait boolean)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_one record;
  differing integer := 0;
BEGIN
  FOR found_one IN
    SELECT d.imat_id, string_agg(DISTINCT d.message, '; ') AS reason
    FROM imat_catalog.differences(wanted) d GROUP BY d.imat_id ORDER BY d.imat_id
  LOOP
    differing := differing + 1;
    IF wait THEN
      PERFORM FROM imat_catalog.imat i WHERE i.id = found_one.imat_id FOR NO KEY UPDATE;
    ELSE
      PERFORM FROM imat_catalog.imat i WHERE i.id = found_one.imat_id
        FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    CONTINUE WHEN NOT FOUND;
    PERFORM imat_catalog.break_imat(found_one.imat_id, found_one.reason);
  END LOOP;
  PERFORM imat_catalog.adopt_facts(wanted);
  RETURN differing;
END $$;

COMMENT ON FUNCTION imat_catalog.break_differing(integer[], boolean) IS
  'Marks the imats as broken that do not pass their checks, and returns how many do not. wanted: '
  'ids of imats, or NULL for all. wait: for other sessions that work on them.';
