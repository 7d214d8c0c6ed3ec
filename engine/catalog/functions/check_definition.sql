-- The functions in a definition run with the rights of the role that runs it. If they belong to a
-- role that is not a superuser, only the owner of the imat may run them: the owner could call them
-- anyway. The same holds for the views that the definition reads, because their owners could add
-- functions later: then the imat is broken.
CREATE OR REPLACE FUNCTION imat_catalog.check_definition(imat integer) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat;
  owner name;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  SELECT pg_get_userbyid(c.relowner) INTO owner FROM pg_class c
    WHERE c.oid = target.definition_view;
  IF target.untrusted AND owner <> current_user THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('imat "%s" calls functions of roles that are not superusers', target.name),
      DETAIL = 'They would run with your rights.',
        HINT = format('Connect as %I, who owns the imat.', owner);
  END IF;
  PERFORM imat_catalog.require_whole(imat);
END $$;

COMMENT ON FUNCTION imat_catalog.check_definition(integer) IS
  'Raises an error if the imat is broken, or if the current role must not run the definition.';
