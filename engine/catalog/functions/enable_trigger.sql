CREATE OR REPLACE FUNCTION imat_catalog.enable_trigger(relation regclass, name text, state text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('ALTER TABLE ONLY %s %s TRIGGER %I', relation,
    CASE state WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA'
      WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE' END, name);
END $$;

COMMENT ON FUNCTION imat_catalog.enable_trigger(regclass, text, text) IS
  'Enables or disables a trigger as a value of pg_trigger.tgenabled says.';
