-- PostgreSQL records no dependencies on its own objects, nor on what a function's body in quotes
-- names. Other imats are left out: they have facts of their own.
CREATE OR REPLACE FUNCTION imat_catalog.objects_read(definition oid)
RETURNS TABLE (class oid, object oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE reads AS (
    SELECT 'pg_class'::regclass::oid AS class, definition AS object
    UNION
    SELECT n.class, n.object
    FROM reads s, LATERAL (
      SELECT d.refclassid AS class, d.refobjid AS object
      FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      WHERE s.class = 'pg_class'::regclass AND v.oid = s.object AND v.relkind = 'v'
      UNION ALL
      -- of an aggregate its functions, of a body that is not in quotes what it names
      SELECT d.refclassid, d.refobjid FROM pg_depend d
      WHERE s.class = 'pg_proc'::regclass AND d.classid = s.class AND d.objid = s.object
      UNION ALL
      SELECT 'pg_proc'::regclass, o.oprcode FROM pg_operator o
      WHERE s.class = 'pg_operator'::regclass AND o.oid = s.object
    ) n
    WHERE n.class IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
      AND NOT EXISTS (SELECT FROM imat_catalog.imat o
        WHERE n.class = 'pg_class'::regclass AND o.relation = n.object)
  )
  SELECT s.class, s.object FROM reads s
  WHERE s.object <> definition AND (
    s.class = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class c
      WHERE c.oid = s.object AND c.relkind <> 'c')
    OR s.class = 'pg_proc'::regclass AND s.object >= 16384)
$$;

COMMENT ON FUNCTION imat_catalog.objects_read(oid) IS
  'Returns the tables, views and functions that a definition uses, at any depth, except '
  'PostgreSQL''s own.';
