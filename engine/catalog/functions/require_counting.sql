CREATE OR REPLACE FUNCTION imat_catalog.require_counting(target imat_catalog.change_group)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT o.is_stop FROM imat_catalog.moment o WHERE o.id = target.last_moment_id) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('group "%s" is stopped', target.name),
        HINT = format('SELECT imat.start_group(%L) counts its changes again.', target.name);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.require_counting(imat_catalog.change_group) IS
  'Raises an error if the group is stopped.';
