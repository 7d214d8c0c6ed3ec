CREATE OR REPLACE FUNCTION imat_catalog.has_changed(imat integer) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat;
  known imat_catalog.schedule;
  signature text;
BEGIN
  IF imat_catalog.has_pending(imat) THEN RETURN true; END IF;
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  IF target.watchable OR target.dependence = 'settings' THEN RETURN false; END IF;
  SELECT * INTO known FROM imat_catalog.schedule s WHERE s.imat_id = imat;
  IF target.dependence = 'tables' THEN
    signature := imat_catalog.signature(imat);
    IF signature IS NOT NULL THEN RETURN signature IS DISTINCT FROM known.signature; END IF;
  END IF;
  -- Nothing tells: by its interval.
  RETURN coalesce(known.stored_at + CASE WHEN target.freshness NOT IN ('live', 'manual')
    THEN target.freshness::interval END <= clock_timestamp(), true);
END $$;

COMMENT ON FUNCTION imat_catalog.has_changed(integer) IS
  'Returns true if a swap of the imat may store something else than what is stored now.';
