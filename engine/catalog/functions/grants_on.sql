CREATE OR REPLACE FUNCTION imat_catalog.grants_on(relation oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY g.grantee, g.columns, g.option), '[]')
  FROM (
    SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC'
        ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee,
      r.columns, a.is_grantable AND a.grantee <> 0 AS option
    FROM (
      SELECT '' AS columns, c.relacl AS acl, c.relowner AS owner FROM pg_class c
      WHERE c.oid = relation
      UNION ALL
      SELECT format('(%I)', t.attname), t.attacl, NULL FROM pg_attribute t
      WHERE t.attrelid = relation AND t.attnum > 0 AND NOT t.attisdropped
    ) r, aclexplode(r.acl) a
    WHERE a.privilege_type = 'SELECT' AND a.grantee IS DISTINCT FROM r.owner
  ) g
$$;

COMMENT ON FUNCTION imat_catalog.grants_on(oid) IS
  'Returns who may read a relation besides its owner: grantees, columns, grant options.';
