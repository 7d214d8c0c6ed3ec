-- Where both parts differ, the next comparison must find that. What another session has locked is
-- left to the next call.
CREATE OR REPLACE FUNCTION imat_catalog.note_written(wanted integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH found AS (
    SELECT f.imat_id, f.object, imat_catalog.written_columns(f.object) AS written
    FROM imat_catalog.fact f
    WHERE f.class = 'pg_class'::regclass AND f.facts ? 'row'
      AND (wanted IS NULL OR f.imat_id = ANY (wanted))
    FOR NO KEY UPDATE SKIP LOCKED
  )
  UPDATE imat_catalog.fact f SET facts = jsonb_set(f.facts, '{written}', n.written)
  FROM found n
  WHERE f.imat_id = n.imat_id AND f.class = 'pg_class'::regclass AND f.object = n.object
    AND f.facts->'written' IS DISTINCT FROM n.written
    AND (NOT f.facts ? 'written' OR f.facts->'written'->'columns' = n.written->'columns'
      OR f.facts->'written'->'files' = n.written->'files');
  WITH found AS (
    SELECT f.imat_id, f.object, CASE g.present->>'generated' WHEN ''
      THEN g.present - 'generated_files' ELSE g.present END AS present
    FROM imat_catalog.fact f,
      LATERAL (SELECT imat_catalog.generated_columns(f.imat_id, f.object) AS present) g
    WHERE f.class = 'pg_class'::regclass AND f.facts->>'generated' <> ''
      AND (wanted IS NULL OR f.imat_id = ANY (wanted))
      AND NOT f.facts @> g.present AND imat_catalog.expressions_kept(f.facts, g.present)
    FOR NO KEY UPDATE OF f SKIP LOCKED
  )
  UPDATE imat_catalog.fact f SET facts = f.facts - 'generated_files' || n.present
  FROM found n
  WHERE f.imat_id = n.imat_id AND f.class = 'pg_class'::regclass AND f.object = n.object;
END $$;

COMMENT ON FUNCTION imat_catalog.note_written(integer[]) IS
  'Notes the files and columns that tables have now whose whole rows or generated columns imats '
  'read, if their values are the same. wanted: ids of imats, or NULL for all.';
