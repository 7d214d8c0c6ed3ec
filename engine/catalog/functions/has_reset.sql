CREATE OR REPLACE FUNCTION imat_catalog.has_reset(imat integer) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM imat_store.reset r JOIN imat_catalog.imat_source z USING (relation)
      JOIN imat_catalog.frontier f USING (imat_id)
    WHERE z.imat_id = imat AND NOT pg_visible_in_snapshot(r.xid, f.snapshot))
$$;

COMMENT ON FUNCTION imat_catalog.has_reset(integer) IS
  'Returns true if a source of the imat was changed in a way that its log does not have as rows, '
  'since the imat''s frontier: the state must be computed anew.';
