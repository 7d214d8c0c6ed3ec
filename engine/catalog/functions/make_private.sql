-- Default privileges (ALTER DEFAULT PRIVILEGES) may give others rights on whatever a role creates,
-- and an event trigger may enable row-level security on it: then capture on the table of another
-- role could not write to its log.
CREATE OR REPLACE FUNCTION imat_catalog.make_private(target oid,
  but_public boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOR command IN
    SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', o.name, CASE WHEN a.grantee = 0 THEN 'PUBLIC'
      ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM (
      SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass AS name,
        c.relowner AS owner, c.relacl AS acl
      FROM pg_class c WHERE c.oid = target
      UNION ALL
      SELECT 'ROUTINE ' || p.oid::regprocedure, p.proowner,
        coalesce(p.proacl, acldefault('f', p.proowner))
      FROM pg_proc p WHERE p.oid = target
      UNION ALL
      SELECT 'SCHEMA ' || quote_ident(n.nspname), n.nspowner, n.nspacl
      FROM pg_namespace n WHERE n.oid = target
    ) o, aclexplode(o.acl) a
    WHERE a.grantee <> o.owner AND NOT (but_public AND a.grantee = 0)
  LOOP
    EXECUTE command;
  END LOOP;
  PERFORM imat_catalog.show_rows(target);
END $$;

COMMENT ON FUNCTION imat_catalog.make_private(oid, boolean) IS
  'Takes all rights on a table, view, sequence, routine or schema from everybody but its owner '
  'and, with but_public, but PUBLIC.';
