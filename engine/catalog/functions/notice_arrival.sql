-- What has been counted so far is folded before the rows of the dump come, and keeps its numbers.
CREATE OR REPLACE FUNCTION imat_catalog.notice_arrival() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM imat_catalog.change_group g ORDER BY g.id FOR UPDATE;
  PERFORM imat_catalog.fold_counters();
  PERFORM imat_catalog.mark_arrived();
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.notice_arrival() IS
  'The trigger of imat_catalog.arrival: marks all that a dump concerns whose data is being loaded '
  'over this catalog.';
