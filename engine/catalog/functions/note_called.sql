-- A body in quotes finds them by their names, so a function of another name is another one.
CREATE OR REPLACE FUNCTION imat_catalog.note_called(imat integer, functions oid[]) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE called AS (
    SELECT c.object FROM unnest(functions) c(object)
    UNION
    SELECT d.refobjid FROM called c JOIN pg_depend d ON d.classid = 'pg_proc'::regclass
      AND d.objid = c.object AND d.refclassid = d.classid
  )
  INSERT INTO imat_catalog.fact AS f (imat_id, class, object, version, facts)
  SELECT imat, 'pg_proc'::regclass, c.object,
    imat_catalog.fact_version('pg_proc'::regclass, c.object),
    r.facts || jsonb_build_object('called', c.object::regprocedure::text)
  FROM called c, LATERAL (
    SELECT imat_catalog.read_facts(imat, 'pg_proc'::regclass, c.object) AS facts
  ) r
  WHERE c.object >= 16384 AND r.facts IS NOT NULL
  ON CONFLICT (imat_id, class, object) DO UPDATE SET facts = excluded.facts
$$;

COMMENT ON FUNCTION imat_catalog.note_called(integer, oid[]) IS
  'Notes functions that only the bodies of a definition''s functions call.';
