-- A function that found that it may not append goes on like that in all sessions that have run it.
-- ALTER FUNCTION makes them plan it anew.
CREATE OR REPLACE FUNCTION imat_catalog.allow_capture(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  refused record;
BEGIN
  IF NOT EXISTS (SELECT FROM imat_catalog.capture_without_rights(source)) THEN RETURN; END IF;
  PERFORM FROM imat_catalog.source s WHERE s.relation = source FOR UPDATE;
  FOR refused IN SELECT * FROM imat_catalog.capture_without_rights(source) LOOP
    EXECUTE format('GRANT INSERT ON %s TO %s',
      (SELECT s.log FROM imat_catalog.source s WHERE s.relation = source), refused.role);
    EXECUTE format('GRANT INSERT (relation) ON imat_store.reset TO %s', refused.role);
    EXECUTE format('ALTER FUNCTION %s() COST 100', refused.function);
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.allow_capture(oid) IS
  'Lets the owners of the capture functions of a source append to its log and mark it as reset.';
