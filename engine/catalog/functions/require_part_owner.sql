-- PostgreSQL lets the owner alone enable and drop triggers. A partition need not belong to the
-- owner of its parent, and who reads or writes by the parent needs no right on it.
CREATE OR REPLACE FUNCTION imat_catalog.require_part_owner(source oid, part oid, is_new boolean)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner name;
BEGIN
  SELECT pg_get_userbyid(c.relowner) INTO owner FROM pg_class c
    WHERE c.oid = part AND NOT pg_has_role(c.relowner, 'USAGE');
  IF NOT FOUND THEN RETURN; END IF;
  RAISE EXCEPTION
    USING ERRCODE = 'insufficient_privilege',
      MESSAGE = format(CASE WHEN is_new
          THEN 'role "%s" may not capture table %s, a part of source %s'
          ELSE 'role "%s" may not end the capture of table %s, once a part of source %s' END,
        current_user, part::regclass, source::regclass),
      DETAIL = format('Table %s belongs to role "%s", and imat %s triggers on it. Until then, live '
        'reads use the definition.', part::regclass, owner,
        CASE WHEN is_new THEN 'needs' ELSE 'has to drop its' END),
      HINT = format('Run ALTER TABLE %s OWNER TO %I, or GRANT %I TO %2$I.', part::regclass,
        current_user, owner);
END $$;

COMMENT ON FUNCTION imat_catalog.require_part_owner(oid, oid, boolean) IS
  'Raises an error if what is or was a part of a source belongs to a role whose rights the current '
  'one lacks. is_new: its capture begins; otherwise it ends.';
