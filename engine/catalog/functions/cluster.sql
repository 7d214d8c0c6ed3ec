CREATE OR REPLACE FUNCTION imat_catalog.cluster() RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT c.system_identifier FROM pg_control_system() c);
END $$;

COMMENT ON FUNCTION imat_catalog.cluster() IS
  'Returns the identifier of the cluster: pg_upgrade and initdb make another one.';
