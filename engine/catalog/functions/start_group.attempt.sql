CREATE OR REPLACE FUNCTION imat_catalog.start_group(group_name text, mark text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
BEGIN
  IF (SELECT NOT o.is_stop FROM imat_catalog.moment o WHERE o.id = target.last_moment_id) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('group "%s" is not stopped', group_name),
        HINT = 'imat.set_mark sets a mark.';
  END IF;
  PERFORM imat_catalog.resume_members(target, mark, imat_catalog.caller());
END $$;

COMMENT ON FUNCTION imat_catalog.start_group(text, text) IS
  'What imat.start_group tries. change_members runs it.';
