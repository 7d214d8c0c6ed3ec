-- Grants that somebody has made on the imat's view itself stay. Another session may be passing on
-- the same.
CREATE OR REPLACE FUNCTION imat_catalog.sync_grants(imat integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat;
  wanted jsonb := imat_catalog.grants_on(imat_catalog.granted_like(imat));
  commands text[];
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  IF imat_catalog.granted_like(imat) IS NULL OR wanted = target.grants THEN RETURN 0; END IF;
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat FOR NO KEY UPDATE;
  wanted := imat_catalog.grants_on(imat_catalog.granted_like(imat));
  commands := ARRAY(
    SELECT format('REVOKE SELECT %s ON %s FROM %s', g->>'columns', target.relation, g->>'grantee')
    FROM jsonb_array_elements(target.grants) g
    WHERE NOT wanted @> jsonb_build_array(g) AND (g->>'grantee' = 'PUBLIC'
      OR EXISTS (SELECT FROM pg_roles r WHERE quote_ident(r.rolname) = g->>'grantee'))
    UNION ALL
    SELECT format('GRANT SELECT %s ON %s TO %s%s', g->>'columns', target.relation, g->>'grantee',
      CASE WHEN (g->>'option')::boolean THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM jsonb_array_elements(wanted) g WHERE NOT target.grants @> jsonb_build_array(g));
  PERFORM imat_catalog.with_short_locks(format('view %s', target.relation),
    array_to_string(commands, '; '), '1.5 s', 'Another session changes it.');
  UPDATE imat_catalog.imat i SET grants = wanted WHERE i.id = imat;
  RETURN cardinality(commands);
END $$;

COMMENT ON FUNCTION imat_catalog.sync_grants(integer) IS
  'Grants and revokes on the view of an imat what was granted and revoked on its materialized '
  'view since the last time, and returns the number of changes.';
