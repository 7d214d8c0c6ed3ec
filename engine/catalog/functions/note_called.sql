-- A body in quotes finds them by their names, so a function of another name is another one. Those
-- of an extension are replaced with it.
CREATE OR REPLACE FUNCTION imat_catalog.note_called(imat integer, functions oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  own CONSTANT oid[] := ARRAY(
    SELECT f.object FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = 'pg_proc'::regclass);
BEGIN
  IF own || functions = '{}' THEN RETURN; END IF;
  WITH RECURSIVE called AS (
    SELECT c.object FROM unnest(own || functions) c(object)
    UNION
    SELECT n.object
    FROM called c, LATERAL (
      SELECT d.refobjid FROM pg_depend d
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = c.object AND d.refclassid = d.classid
      UNION ALL
      SELECT b.oid FROM imat_catalog.called_by_name(c.object) b(oid)
    ) n(object)
    WHERE NOT EXISTS (
      SELECT FROM pg_depend e
      WHERE e.classid = 'pg_proc'::regclass AND e.objid = n.object AND e.deptype = 'e')
  )
  INSERT INTO imat_catalog.fact AS f (imat_id, class, object, version, facts)
  SELECT imat, 'pg_proc'::regclass, c.object,
    imat_catalog.fact_version('pg_proc'::regclass, c.object),
    r.facts || jsonb_build_object('called', c.object::regprocedure::text)
  FROM called c, LATERAL (
    SELECT imat_catalog.read_facts(imat, 'pg_proc'::regclass, c.object) AS facts
  ) r
  WHERE c.object >= 16384 AND r.facts IS NOT NULL
    AND (c.object = ANY (functions) OR c.object <> ALL (own))
  ON CONFLICT (imat_id, class, object) DO UPDATE SET facts = excluded.facts;
END $$;

COMMENT ON FUNCTION imat_catalog.note_called(integer, oid[]) IS
  'Notes functions that the bodies of a definition''s functions call: those given, and whatever '
  'these and the definition''s own call in turn.';
