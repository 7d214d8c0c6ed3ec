-- A partition can be captured for several sources, so the names of its triggers end in the OID of
-- the root.
CREATE OR REPLACE FUNCTION imat_catalog.capture_triggers(source oid, relation oid,
  OUT event text, OUT name text) RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
    name := concat(CASE event WHEN 'truncate' THEN '~' ELSE '!' END, 'imat_', event,
      CASE WHEN relation <> source THEN '_' || source END);
    RETURN NEXT;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.capture_triggers(oid, oid) IS
  'Returns the names of the triggers on a source, or on a partition of it, that write to its log.';
