-- In a SECURITY DEFINER function current_user is the owner of the function. The setting "role" is
-- what SET ROLE has set, which only a member of that role can do.
CREATE OR REPLACE FUNCTION imat_catalog.caller() RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.oid FROM pg_catalog.pg_roles r
  WHERE r.rolname = CASE current_setting('role') WHEN 'none' THEN session_user
    ELSE current_setting('role')::name END
$$;

COMMENT ON FUNCTION imat_catalog.caller() IS
  'Returns the role that called a SECURITY DEFINER function from outside.';
