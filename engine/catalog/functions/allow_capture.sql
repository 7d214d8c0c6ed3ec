-- A function that found that it may not append goes on like that in all sessions that have run it.
-- ALTER FUNCTION makes them plan it anew.
--
-- PostgreSQL raises "tuple concurrently updated" where two sessions change one function, or the
-- rights on one object. All sources share imat_store.reset and its schema, so one session at a time
-- grants here: it has locked a row that others cannot lock. Then it locks the row of the source, as
-- everybody does who writes the functions of that.
CREATE OR REPLACE FUNCTION imat_catalog.allow_capture(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  refused record;
  secured oid[];
BEGIN
  IF NOT EXISTS (SELECT FROM imat_catalog.capture_without_rights(source)) THEN RETURN; END IF;
  PERFORM FROM imat_catalog.migration m WHERE m.version = 1 FOR NO KEY UPDATE;
  PERFORM FROM imat_catalog.source s WHERE s.relation = source FOR UPDATE;
  -- A function that counts has got an owner who may not write to the catalog.
  IF EXISTS (SELECT FROM pg_trigger t
      WHERE t.tgrelid = source AND imat_catalog.counts_as(t.tgfoid) <> '0') THEN
    BEGIN
      PERFORM imat_catalog.lock_tables(ARRAY[source], 'SHARE ROW EXCLUSIVE');
      PERFORM imat_catalog.share_counting(source, false);
    EXCEPTION WHEN lock_not_available THEN
      -- Writers fail until then, because their rows cannot be logged.
      RETURN;
    END;
  END IF;
  secured := ARRAY(SELECT c.oid FROM pg_class c JOIN imat_catalog.source s ON s.relation = source
    WHERE c.oid IN (s.log, 'imat_store.reset'::regclass) AND c.relrowsecurity);
  IF secured <> '{}' THEN
    BEGIN
      PERFORM imat_catalog.lock_tables(secured, 'ACCESS EXCLUSIVE');
      PERFORM imat_catalog.show_rows(t.relation) FROM unnest(secured) t(relation);
    EXCEPTION WHEN lock_not_available THEN
      -- Writers mark the source as reset until then.
      RETURN;
    END;
  END IF;
  FOR refused IN SELECT * FROM imat_catalog.capture_without_rights(source) LOOP
    EXECUTE format('GRANT INSERT ON %s TO %s',
      (SELECT s.log FROM imat_catalog.source s WHERE s.relation = source), refused.role);
    EXECUTE format('GRANT INSERT (relation) ON imat_store.reset TO %s', refused.role);
    -- Somebody may revoke what everybody has.
    EXECUTE format('GRANT USAGE ON SCHEMA imat_store TO %s', refused.role);
    EXECUTE (SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s',
        string_agg(r.routine::regprocedure::text, ', '), refused.role)
      FROM imat_catalog.capture_routines() r(routine));
    EXECUTE format('ALTER FUNCTION %s() COST 100', refused.function);
  END LOOP;
  -- For everybody, because the functions can get another owner without a word to imat.
  IF NOT has_schema_privilege('public', 'imat_store', 'USAGE') THEN
    GRANT USAGE ON SCHEMA imat_store TO PUBLIC;
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.allow_capture(oid) IS
  'Lets the owners of the capture functions of a source append to its log and mark it as reset.';
