-- A table that is rewritten has another file. Columns can be dropped, added and renamed without
-- that. Where a parent elsewhere let others write to it, note_moved has taken out what was noted.
CREATE OR REPLACE FUNCTION imat_catalog.is_unaltered(source oid, part oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM imat_catalog.source s, imat_catalog.part_file(source, part) f(now)
    WHERE s.relation = source AND s.files->part::text->'file' = f.now->'file'
      AND NOT EXISTS (
        SELECT FROM unnest(s.columns) c(number)
        WHERE s.files->part::text->'columns'->c.number::text
          IS DISTINCT FROM f.now->'columns'->c.number::text))
$$;

COMMENT ON FUNCTION imat_catalog.is_unaltered(oid, oid) IS
  'Returns true if no ALTER TABLE can have changed the rows of a part of a source since its '
  'capture began.';
