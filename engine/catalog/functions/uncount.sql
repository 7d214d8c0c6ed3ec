CREATE OR REPLACE FUNCTION imat_catalog.uncount(counted integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass;
  event text;
BEGIN
  SELECT c.relation INTO source FROM imat_catalog.counted c WHERE c.id = counted FOR UPDATE;
  UPDATE imat_catalog.counted c SET relation_text = NULL WHERE c.id = counted;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source) THEN RETURN; END IF;
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
    -- IF EXISTS would print a notice for each that a restore did not bring.
    IF EXISTS (SELECT FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = source AND t.tgname = imat_catalog.counting_trigger(event)) THEN
      EXECUTE format('DROP TRIGGER %I ON %s', imat_catalog.counting_trigger(event), source);
    END IF;
  END LOOP;
  PERFORM imat_catalog.share_counting(source, false);
END $$;

COMMENT ON FUNCTION imat_catalog.uncount(integer) IS
  'Takes the counting triggers off a table, which the caller has locked; what they have counted '
  'stays.';
