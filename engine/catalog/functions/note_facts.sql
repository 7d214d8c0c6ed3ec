CREATE OR REPLACE FUNCTION imat_catalog.note_facts(imat integer, watched oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  -- Those that the definition does not name are known from here alone.
  views oid[] := ARRAY(
    SELECT f.object FROM imat_catalog.fact f JOIN pg_class c ON c.oid = f.object
    WHERE f.imat_id = imat AND f.class = 'pg_class'::regclass
      AND (c.relkind = 'v' OR f.facts ? 'inlined'));
  -- By name: pg_upgrade gives functions other OIDs.
  called text[] := ARRAY(
    SELECT f.facts->>'called' FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = 'pg_proc'::regclass AND f.facts->>'called' ~ E'\\D');
BEGIN
  DELETE FROM imat_catalog.fact f WHERE f.imat_id = imat;
  INSERT INTO imat_catalog.fact (imat_id, class, object, version, facts)
  SELECT imat, o.class, o.object, imat_catalog.fact_version(o.class, o.object), r.facts
  FROM imat_catalog.imat i, imat_catalog.objects_read(i.definition_view) o,
    LATERAL (SELECT imat_catalog.read_facts(imat, o.class, o.object) AS facts) r
  WHERE i.id = imat AND r.facts IS NOT NULL;
  PERFORM imat_catalog.note_inlined(imat, views);
  PERFORM imat_catalog.note_called(imat, ARRAY(
    SELECT to_regprocedure(c.signature)::oid FROM unnest(called) c(signature)), watched);
  UPDATE imat_catalog.imat i SET facts_cluster = imat_catalog.cluster() WHERE i.id = imat;
END $$;

COMMENT ON FUNCTION imat_catalog.note_facts(integer, oid[]) IS
  'Notes what the tables, views and functions that an imat uses are like now. What is stored '
  'must be computed after that. watched: enums whose labels are kept beside that.';
