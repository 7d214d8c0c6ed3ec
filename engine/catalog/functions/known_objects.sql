-- In PL/pgSQL, which keeps its plan.
CREATE OR REPLACE FUNCTION imat_catalog.known_objects()
RETURNS TABLE (class_id oid, object_id oid, imat text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE read AS (
    SELECT d.refclassid, d.refobjid, i.name
    FROM imat_catalog.imat i JOIN pg_catalog.pg_rewrite r ON r.ev_class = i.definition_view
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refobjid <> r.ev_class
    UNION
    SELECT d.refclassid, d.refobjid, v.name
    FROM read v JOIN pg_catalog.pg_class c ON c.oid = v.refobjid AND c.relkind = 'v'
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE v.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
  ), known AS (
    SELECT v.refclassid AS class_id, v.refobjid AS object_id, v.name AS imat FROM read v
    WHERE v.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
    UNION
    SELECT f.class, f.object, i.name
    FROM imat_catalog.fact f JOIN imat_catalog.imat i ON i.id = f.imat_id
    WHERE f.class IN ('pg_class'::regclass, 'pg_proc'::regclass)
      AND f.facts ?| ARRAY['called', 'inlined']
    UNION
    SELECT 'pg_class'::regclass, s.relation, i.name
    FROM imat_catalog.imat_source s JOIN imat_catalog.imat i ON i.id = s.imat_id
    UNION
    SELECT 'pg_class'::regclass, i.original, i.name FROM imat_catalog.imat i
    WHERE i.original IS NOT NULL
    UNION
    SELECT 'pg_class'::regclass, m.relation, NULL FROM imat_catalog.member m WHERE m.to_id IS NULL
  )
  SELECT k.class_id, k.object_id, k.imat FROM known k
  -- Objects with smaller OIDs came with the server.
  WHERE k.object_id >= 16384 AND CASE WHEN k.class_id = 'pg_proc'::regclass THEN true ELSE EXISTS (
    SELECT FROM pg_catalog.pg_class c
    WHERE c.oid = k.object_id AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.relnamespace::regnamespace::text NOT IN ('imat', 'imat_catalog', 'imat_store')) END;
END $$;

COMMENT ON FUNCTION imat_catalog.known_objects() IS
  'Returns the relations and functions that imats read, with the imat, and the members of groups.';
