-- The advisory lock of a role without rights on the catalog, which can take it as well, does not
-- count.
CREATE OR REPLACE FUNCTION imat_catalog.is_built(imat integer) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.classid = imat_catalog.lock_class()::oid
      AND l.objid = imat::oid AND l.granted AND l.pid <> pg_backend_pid()
      AND has_table_privilege(a.usesysid, 'imat_catalog.imat', 'UPDATE')
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
$$;

COMMENT ON FUNCTION imat_catalog.is_built(integer) IS
  'Returns true while another session converts, repairs or alters the imat.';
