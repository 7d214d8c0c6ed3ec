CREATE OR REPLACE FUNCTION imat_catalog.policies_apply(role oid, relation oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_class c, pg_roles r
    WHERE c.oid = relation AND c.relrowsecurity AND r.oid = role
      AND NOT r.rolsuper AND NOT r.rolbypassrls
      AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE')))
$$;

COMMENT ON FUNCTION imat_catalog.policies_apply(oid, oid) IS
  'Returns true if a table has row-level security that applies to the role.';
