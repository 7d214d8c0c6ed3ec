CREATE OR REPLACE FUNCTION imat_catalog.note_labels(imat integer, watched oid[]) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO imat_catalog.fact AS f (imat_id, class, object, version, facts)
  SELECT DISTINCT imat, 'pg_type'::regclass::oid, y.oid, NULL::text,
    jsonb_build_object('labels', imat_catalog.labels_of(y.oid, NULL))
  FROM imat_catalog.types_within(ARRAY(SELECT imat_catalog.types_in_bodies(imat))) w(type)
    JOIN pg_type y ON y.oid = w.type AND y.typtype = 'e'
  WHERE y.oid <> ALL (watched)
  ON CONFLICT (imat_id, class, object) DO UPDATE SET facts = f.facts || excluded.facts
$$;

COMMENT ON FUNCTION imat_catalog.note_labels(integer, oid[]) IS
  'Notes the labels of enums that the bodies of a definition''s functions may print. watched: '
  'those whose labels are kept beside what is stored.';
