-- Only SELECT is copied: nobody can write to a materialized view, and nobody must write to the view
-- in its place.
CREATE OR REPLACE FUNCTION imat_catalog.copy_grants(source regclass, target regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOR command IN
    SELECT format('REVOKE ALL ON %s FROM %s', target, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
      ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = target AND a.grantee <> c.relowner
    UNION ALL
    SELECT format('GRANT SELECT%s ON %s TO %s%s', ' (' || r.columns || ')', target,
      CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END,
      CASE WHEN r.is_grantable AND r.grantee <> 0 THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM (
      SELECT NULL AS columns, a.grantee, a.is_grantable FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = source AND a.grantee <> c.relowner AND a.privilege_type = 'SELECT'
      UNION ALL
      SELECT quote_ident(t.attname), a.grantee, a.is_grantable
        FROM pg_attribute t, aclexplode(t.attacl) a
      WHERE t.attrelid = source AND t.attnum > 0 AND NOT t.attisdropped
        AND a.privilege_type = 'SELECT'
    ) r
  LOOP
    EXECUTE command;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.copy_grants(regclass, regclass) IS
  'Gives every role that may read the relation source the same right on the relation target, '
  'and takes all other rights on target away.';
