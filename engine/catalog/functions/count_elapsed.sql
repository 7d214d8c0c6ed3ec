-- Whoever has locked a table below the view may wait for the view: so this waits shortly, and gives
-- its own locks up at once, by a subtransaction that is rolled back.
CREATE OR REPLACE FUNCTION imat_catalog.count_elapsed(view regclass, up_to integer)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  counted bigint;
BEGIN
  IF view IS NULL THEN RETURN 0; END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT $1) e',
    imat_catalog.required_name(view))
    INTO counted USING up_to;
  RAISE raise_exception;
EXCEPTION
  WHEN raise_exception THEN
    -- What a function of the definition raises has this code as well.
    IF counted IS NULL THEN RAISE; END IF;
    RETURN counted;
  WHEN lock_not_available OR deadlock_detected THEN
    RETURN NULL;
  WHEN undefined_table THEN
    -- The imat was reverted at the same time.
    RETURN 0;
END $$;

COMMENT ON FUNCTION imat_catalog.count_elapsed(regclass, integer) IS
  'Returns how many rows the passing of time has changed for an imat, by the view that tells them; '
  'NULL if another session has locked what it reads. up_to: where the count stops. view NULL: an '
  'imat that no time changes.';
