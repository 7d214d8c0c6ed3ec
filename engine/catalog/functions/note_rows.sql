-- Without a version, these are compared each time: a column that gets another name leaves the rows
-- of pg_class and pg_rewrite as they are.
CREATE OR REPLACE FUNCTION imat_catalog.note_rows(imat integer) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO imat_catalog.fact AS f (imat_id, class, object, version, facts)
  SELECT DISTINCT imat, 'pg_class'::regclass::oid, r.relation, NULL::text,
    coalesce(imat_catalog.read_facts(imat, 'pg_class'::regclass, r.relation), '{}')
      || jsonb_strip_nulls(jsonb_build_object('row', imat_catalog.row_columns(r.relation),
        'written', imat_catalog.written_columns(r.relation)))
  FROM imat_catalog.rows_read(imat) r
  ON CONFLICT (imat_id, class, object) DO UPDATE SET facts = excluded.facts, version = NULL
$$;

COMMENT ON FUNCTION imat_catalog.note_rows(integer) IS
  'Notes the columns of the tables, views and composite types whose whole rows a definition has '
  'as values.';
