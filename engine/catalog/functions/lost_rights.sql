-- A table can be given to another owner, and a membership can be revoked.
CREATE OR REPLACE FUNCTION imat_catalog.lost_rights(imat integer)
RETURNS TABLE (severity text, message text, hint text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN r.may_read THEN 'warning' ELSE 'error' END,
    format(CASE WHEN r.may_read
        THEN 'role %I, which owns it, does not own table %s: it can neither repair nor revert it'
        ELSE 'role %I, which owns it, may not read table %s: reads fail' END,
      pg_get_userbyid(r.role), r.relation::text),
    format('Run GRANT %I TO %I.', pg_get_userbyid(r.owner),
      pg_get_userbyid(r.role))
  FROM (
    SELECT d.relowner AS role, c.relowner AS owner, z.relation,
      has_any_column_privilege(d.relowner, c.oid, 'SELECT') AS may_read
    FROM imat_catalog.imat i JOIN pg_class d ON d.oid = i.definition_view
      JOIN imat_catalog.imat_source z ON z.imat_id = i.id
      JOIN pg_class c ON c.oid = z.relation
    WHERE i.id = imat AND NOT pg_has_role(d.relowner, c.relowner, 'USAGE')
  ) r
  ORDER BY 1, r.relation LIMIT 1
$$;

COMMENT ON FUNCTION imat_catalog.lost_rights(integer) IS
  'Returns as a problem that the owner of an imat has lost rights on a source; no row if it has '
  'not.';
