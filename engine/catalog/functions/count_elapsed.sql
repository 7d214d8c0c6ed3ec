CREATE OR REPLACE FUNCTION imat_catalog.count_elapsed(view regclass, up_to integer)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  counted bigint;
BEGIN
  IF view IS NULL THEN RETURN 0; END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT $1) e',
    imat_catalog.required_name(view))
    INTO counted USING up_to;
  RETURN counted;
EXCEPTION WHEN undefined_table THEN
  -- The imat was reverted at the same time.
  RETURN 0;
END $$;

COMMENT ON FUNCTION imat_catalog.count_elapsed(regclass, integer) IS
  'Returns how many rows the passing of time has changed for an imat, by the view that tells them. '
  'up_to: where the count stops. NULL: an imat that no time changes.';
