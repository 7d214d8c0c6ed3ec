CREATE OR REPLACE FUNCTION imat_catalog.require_whole(imat integer) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reason text := imat_catalog.check_imat(imat);
  broken_name text;
BEGIN
  IF reason IS NULL THEN RETURN; END IF;
  SELECT i.name INTO broken_name FROM imat_catalog.imat i WHERE i.id = imat;
  RAISE EXCEPTION
    USING ERRCODE = 'IM024', MESSAGE = format('imat "%s" is broken: %s', broken_name, reason),
    DETAIL = 'What is stored may be wrong.',
    HINT = format('Run imat repair %s.', imat_catalog.shell_word(broken_name));
END $$;

COMMENT ON FUNCTION imat_catalog.require_whole(integer) IS
  'Raises an error if what is stored of an imat may be wrong.';
