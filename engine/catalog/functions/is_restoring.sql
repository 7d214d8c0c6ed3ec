-- pg_dump's scripts, and pg_restore, turn check_function_bodies off. Who does so without restoring
-- gets nothing that is wrong: what is asked for here is computed from the sources, or is what the
-- dump has. It runs with the rights of the imat's owner, and what its definition uses may have been
-- replaced unnoticed: so it is for those who have these rights anyway.
CREATE OR REPLACE FUNCTION imat_catalog.is_restoring(name text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
AS $$
BEGIN
  RETURN pg_catalog.current_setting('check_function_bodies') OPERATOR(pg_catalog.=) 'off'
    AND EXISTS (
      SELECT FROM imat_catalog.imat i
        JOIN imat_catalog.frontier f ON f.imat_id OPERATOR(pg_catalog.=) i.id
        JOIN pg_catalog.pg_class v
          ON v.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(i.definition_view_text)
      WHERE i.name OPERATOR(pg_catalog.=) is_restoring.name
        AND i.state OPERATOR(pg_catalog.=) 'active' AND i.broken IS NULL AND NOT f.here
        AND pg_catalog.pg_has_role(session_user, v.relowner, 'MEMBER'));
END $$;

COMMENT ON FUNCTION imat_catalog.is_restoring(text) IS
  'Returns true if a restore reads an imat that came with it, to populate a materialized view.';

REVOKE ALL ON FUNCTION imat_catalog.is_restoring(text) FROM PUBLIC;
