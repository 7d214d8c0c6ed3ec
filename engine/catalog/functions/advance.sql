-- Partitions can be attached while a fold reads its sources: that takes no lock that the fold's
-- locks conflict with.
CREATE OR REPLACE FUNCTION imat_catalog.advance(imat integer, stored oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT imat_catalog.has_trees(imat) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = 'the partitions of a source changed while it was read', HINT = 'Try again.';
  END IF;
  IF imat_catalog.labels_changed((SELECT i.labels FROM imat_catalog.imat i WHERE i.id = imat)) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = 'the labels of an enum were renamed while its values were read',
        HINT = 'Try again.';
  END IF;
  PERFORM set_config('imat.maintaining', 'on', true);
  UPDATE imat_catalog.frontier f SET state_relation = stored, snapshot = pg_current_snapshot(),
    moment = now(), advanced_at = clock_timestamp() WHERE f.imat_id = imat;
END $$;

COMMENT ON FUNCTION imat_catalog.advance(integer, oid) IS
  'Moves the frontier of an imat to the snapshot and the time of this transaction, which must have '
  'claimed the imat.';
