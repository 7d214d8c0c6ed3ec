-- PostgreSQL overrates how many names a body has, and compiled each query for a second.
-- A body in quotes finds them by their names, so a function of another name is another one; what an
-- operator, a cast, a default or a body that is not in quotes has stays by its OID. Those of an
-- extension are replaced with it. PostgreSQL's own to_json and || find casts when they run. A
-- session that stores an imat can have any search_path.
CREATE OR REPLACE FUNCTION imat_catalog.note_called(imat integer, functions oid[],
  watched oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  own CONSTANT oid[] := ARRAY(
    SELECT f.object FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = 'pg_proc'::regclass AND NOT f.facts ? 'called');
  of_session CONSTANT name[] := (
    SELECT '{}'::name[] FROM imat_catalog.imat i WHERE i.id = imat AND i.strategy = 'delta');
BEGIN
  DELETE FROM imat_catalog.name_use u WHERE u.imat_id = imat;
  WITH RECURSIVE called AS (
    SELECT 'pg_proc'::regclass::oid AS class, c.object, true AS by_name,
      imat_catalog.path_within(c.object, of_session) AS schemas
    FROM unnest(own || functions) c(object)
    UNION ALL
    SELECT 'pg_cast'::regclass, k.oid, false, NULL
    FROM pg_cast k
    WHERE k.oid >= 16384 AND k.casttarget IN ('text'::regtype, 'json'::regtype)
      AND k.castsource IN (SELECT imat_catalog.types_within(
        ARRAY(SELECT imat_catalog.types_read(imat))))
      AND NOT EXISTS (
        SELECT FROM pg_depend e
        WHERE e.classid = 'pg_cast'::regclass AND e.objid = k.oid AND e.deptype = 'e')
    UNION
    SELECT n.class, n.object, n.by_name, CASE WHEN n.class = 'pg_proc'::regclass
      THEN imat_catalog.path_within(n.object, c.schemas) ELSE c.schemas END
    FROM called c, LATERAL (
      SELECT d.refclassid AS class, d.refobjid AS object, false AS by_name FROM pg_depend d
      WHERE c.class = 'pg_proc'::regclass AND d.classid = c.class AND d.objid = c.object
        AND d.refclassid = d.classid
      UNION ALL
      -- A body that is not in quotes keeps the operator.
      SELECT 'pg_proc'::regclass, o.oprcode, false
      FROM pg_depend d JOIN pg_operator o ON o.oid = d.refobjid
      WHERE c.class = 'pg_proc'::regclass AND d.classid = c.class AND d.objid = c.object
        AND d.refclassid = 'pg_operator'::regclass
      UNION ALL
      SELECT b.class, b.object, true FROM imat_catalog.called_by_name(c.object, c.schemas) b
      WHERE c.class = 'pg_proc'::regclass
      UNION ALL
      SELECT 'pg_proc'::regclass, o.oprcode, false FROM pg_operator o
      WHERE c.class = 'pg_operator'::regclass AND o.oid = c.object
      UNION ALL
      SELECT 'pg_proc'::regclass, k.castfunc, false FROM pg_cast k
      WHERE c.class = 'pg_cast'::regclass AND k.oid = c.object
    ) n
    WHERE n.object >= 16384 AND NOT EXISTS (
      SELECT FROM pg_depend e
      WHERE e.classid = n.class AND e.objid = n.object AND e.deptype = 'e')
  ), named AS (
    SELECT u.* FROM called c, LATERAL imat_catalog.names_in_body(c.object, c.schemas) u
    WHERE c.class = 'pg_proc'::regclass AND c.object >= 16384
    UNION
    SELECT NULL, NULL, '{}', imat_catalog.casts_looked_up(imat), ARRAY(
      SELECT w.type
      FROM imat_catalog.types_within(ARRAY(SELECT imat_catalog.types_read(imat))) w(type)
      WHERE w.type >= 16384)
  ), used AS (
    INSERT INTO imat_catalog.name_use
    SELECT imat, row_number() OVER (), n.*, ARRAY(
      SELECT f.class || '/' || f.object FROM imat_catalog.found_by_name(n.found_in, n.functions,
        n.operators, n.types, n.value_types) f
      UNION ALL
      SELECT e.oid || ' in ' || e.extnamespace FROM pg_extension e)
    FROM named n WHERE n.functions IS NOT NULL OR n.types <> '{}' AND n.value_types <> '{}'
  )
  INSERT INTO imat_catalog.fact AS f (imat_id, class, object, version, facts)
  SELECT DISTINCT ON (c.class, c.object) imat, c.class, c.object,
    imat_catalog.fact_version(c.class, c.object),
    r.facts || jsonb_build_object('called', CASE WHEN c.by_name
      THEN imat_catalog.called_name(c.class, c.object) ELSE c.object::text END)
  FROM called c, LATERAL (
    SELECT imat_catalog.read_facts(imat, c.class, c.object) AS facts
  ) r
  WHERE c.object >= 16384 AND r.facts IS NOT NULL
    AND (c.class <> 'pg_proc'::regclass OR c.object = ANY (functions) OR c.object <> ALL (own))
  ORDER BY c.class, c.object, c.by_name DESC
  ON CONFLICT (imat_id, class, object) DO UPDATE SET facts = excluded.facts;
  PERFORM imat_catalog.note_labels(imat, watched);
  PERFORM imat_catalog.note_rows(imat);
END $$;

COMMENT ON FUNCTION imat_catalog.note_called(integer, oid[], oid[]) IS
  'Notes what the bodies of a definition''s functions use by name: the functions given, and '
  'whatever these and the definition''s own use in turn; then the rows and labels in all of them. '
  'watched: enums whose labels are kept beside what is stored.';
