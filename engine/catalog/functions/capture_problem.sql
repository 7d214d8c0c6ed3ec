-- The triggers of another cluster (pg_upgrade) have other versions.
CREATE OR REPLACE FUNCTION imat_catalog.capture_problem(source oid, same_cluster boolean)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known imat_catalog.source;
  triggers text := imat_catalog.triggers_of(source);
BEGIN
  SELECT * INTO known FROM imat_catalog.source s WHERE s.relation = source;
  IF same_cluster AND triggers = known.triggers
    AND EXISTS (SELECT FROM pg_class c WHERE c.oid = known.log) THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source) THEN
    RETURN 'a source table was dropped';
  END IF;
  IF (SELECT count(*) FROM pg_trigger t
      WHERE t.tgrelid = source AND t.tgenabled = 'A'
        AND t.tgname IN ('!imat_insert', '!imat_update', '!imat_delete', '~imat_truncate')) < 4
    OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = known.log) THEN
    RETURN format('capture on %s is disabled or gone: changes were lost', source::regclass);
  END IF;
  IF same_cluster AND triggers <> known.triggers THEN
    RETURN format('capture on %s was disabled or replaced for a time: changes may have been lost',
      source::regclass);
  END IF;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.capture_problem(oid, boolean) IS
  'Returns what is wrong with the capture of a source, as text; NULL if nothing is.';
