CREATE OR REPLACE FUNCTION imat_catalog.show_rows(target oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = target AND c.relkind = 'r'
      AND (c.relrowsecurity OR c.relforcerowsecurity)) THEN
    EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
      target::regclass);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.show_rows(oid) IS
  'Ends row-level security on a table of imat, if somebody has enabled it.';
