CREATE OR REPLACE FUNCTION imat_catalog.owns(role oid, owner oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(pg_has_role(role, owner, 'USAGE'), false) $$;

COMMENT ON FUNCTION imat_catalog.owns(oid, oid) IS
  'Returns true if the role has the rights of the owner, as superusers have those of all roles.';
