CREATE OR REPLACE FUNCTION imat_catalog.advance(imat integer, stored oid) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog
AS $$
  SELECT set_config('imat.maintaining', 'on', true);
  UPDATE imat_catalog.frontier f SET state_relation = stored, snapshot = pg_current_snapshot(),
    advanced_at = clock_timestamp() WHERE f.imat_id = imat;
$$;

COMMENT ON FUNCTION imat_catalog.advance(integer, oid) IS
  'Moves the frontier of an imat to the snapshot of this transaction, which must have claimed '
  'the imat.';
