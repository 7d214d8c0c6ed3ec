-- By name, too: one that is dropped can be created anew with another query.
CREATE OR REPLACE FUNCTION imat_catalog.note_inlined(imat integer, views oid[]) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  INSERT INTO imat_catalog.fact (imat_id, class, object, version, facts)
  SELECT imat, 'pg_class'::regclass, v.object,
    imat_catalog.fact_version('pg_class'::regclass, v.object),
    r.facts || jsonb_build_object('inlined', v.object::regclass::text, 'query',
      imat_catalog.view_query(v.object))
  FROM unnest(views) v(object), LATERAL (
    SELECT imat_catalog.read_facts(imat, 'pg_class'::regclass, v.object) AS facts
  ) r
  WHERE r.facts IS NOT NULL
  ON CONFLICT DO NOTHING
$$;

COMMENT ON FUNCTION imat_catalog.note_inlined(integer, oid[]) IS
  'Notes views and materialized views whose queries are in the text of an imat''s definition, '
  'which does not name them.';
