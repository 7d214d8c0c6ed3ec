CREATE OR REPLACE FUNCTION imat_catalog.find(wanted text) RETURNS imat_catalog.imat
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_imat imat_catalog.imat;
BEGIN
  SELECT * INTO found_imat FROM imat_catalog.imat i WHERE i.name = wanted;
  IF found_imat.id IS NULL THEN
    RAISE EXCEPTION
      USING ERRCODE = 'undefined_object', MESSAGE = format('imat "%s" does not exist', wanted),
      HINT = 'SELECT name FROM imat_catalog.status lists the imats of this database.';
  END IF;
  IF found_imat.state <> 'active' THEN
    RAISE EXCEPTION
      USING ERRCODE = 'IM017', MESSAGE = format('imat "%s" is not loaded yet', wanted),
      HINT = format('If no imat convert is under way, run imat repair %s.',
        imat_catalog.shell_word(wanted));
  END IF;
  RETURN found_imat;
END $$;

COMMENT ON FUNCTION imat_catalog.find(text) IS
  'Returns the imat with this name; raises an error if there is none or if it is not loaded '
  'yet.';
