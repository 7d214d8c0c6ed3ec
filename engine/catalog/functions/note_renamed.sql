-- Under each of its names, a view that is dropped can be created anew with another query.
CREATE OR REPLACE FUNCTION imat_catalog.note_renamed(wanted integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  UPDATE imat_catalog.fact f
  SET facts = jsonb_set(f.facts, '{renamed}',
    coalesce(f.facts->'renamed', '[]') || to_jsonb(c.oid::regclass::text))
  FROM pg_class c
  WHERE f.facts ? 'inlined' AND f.class = 'pg_class'::regclass AND c.oid = f.object
    AND (wanted IS NULL OR f.imat_id = ANY (wanted))
    AND c.oid::regclass::text <> ALL (imat_catalog.names_inlined(f.facts));
END $$;

COMMENT ON FUNCTION imat_catalog.note_renamed(integer[]) IS
  'Notes the names that views have now whose queries are in the text of definitions. wanted: ids '
  'of imats, or NULL for all.';
