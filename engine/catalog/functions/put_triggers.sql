-- Those that are there stay. They go with their functions, which DROP ... CASCADE can take.
--
-- ALWAYS: DISABLE TRIGGER ALL and ENABLE TRIGGER ALL leave another state.
CREATE OR REPLACE FUNCTION imat_catalog.put_triggers() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger t
      WHERE t.tgrelid = 'imat_store.reset'::regclass AND t.tgname = 'check_reset') THEN
    CREATE TRIGGER check_reset BEFORE INSERT ON imat_store.reset
      FOR EACH ROW EXECUTE FUNCTION imat_store.check_reset();
    ALTER TABLE imat_store.reset ENABLE ALWAYS TRIGGER check_reset;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_trigger t
      WHERE t.tgrelid = 'imat_catalog.arrival'::regclass AND t.tgname = 'arrival') THEN
    CREATE TRIGGER arrival BEFORE INSERT ON imat_catalog.arrival
      FOR EACH STATEMENT EXECUTE FUNCTION imat_catalog.notice_arrival();
    ALTER TABLE imat_catalog.arrival ENABLE ALWAYS TRIGGER arrival;
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.put_triggers() IS
  'Creates the triggers on tables of the catalog that are not there.';
