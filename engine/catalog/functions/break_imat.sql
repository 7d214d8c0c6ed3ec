-- The frontier names no table then. So every view that reads stored rows raises the error of
-- no_frontier, and the imat keeps no rows in the logs.
CREATE OR REPLACE FUNCTION imat_catalog.break_imat(imat integer, reason text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reader integer;
  broken_name text;
BEGIN
  UPDATE imat_catalog.imat i SET broken = reason, broken_at = clock_timestamp()
    WHERE i.id = imat AND i.broken IS NULL RETURNING i.name INTO broken_name;
  IF NOT FOUND THEN RETURN; END IF;
  UPDATE imat_catalog.frontier f SET state_relation = 0 WHERE f.imat_id = imat;
  FOR reader IN
    SELECT DISTINCT r.imat_id FROM imat_catalog.reading r WHERE r.reads_imat = imat
  LOOP
    PERFORM imat_catalog.break_imat(reader,
      format('imat "%s", which it reads, is broken: %s', broken_name, reason));
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.break_imat(integer, text) IS
  'Marks an imat as broken, with all imats that read it: reads raise an error until it is '
  'repaired.';
