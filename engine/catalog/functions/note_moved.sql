-- A part that has left the tree is captured until that is followed. As long as it has a parent
-- outside, a statement that names that one changes it, and all below it, without being logged. So
-- what is noted of it goes, and its rows are not known any more: when it is followed, or comes
-- back, that is a reset mark.
CREATE OR REPLACE FUNCTION imat_catalog.note_moved(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known imat_catalog.source;
  tree oid[];
  moved oid[];
  back oid[];
BEGIN
  SELECT * INTO known FROM imat_catalog.source s
    WHERE s.relation = source AND s.here AND s.parts IS NOT NULL;
  IF NOT FOUND THEN RETURN; END IF;
  tree := ARRAY(SELECT DISTINCT t.part FROM imat_store.inheritors(source) t);
  moved := ARRAY(
    WITH RECURSIVE above AS (
      SELECT u.p AS part, u.p AS relid FROM unnest(known.parts) u(p) WHERE u.p <> ALL (tree)
      UNION
      SELECT a.part, i.inhparent FROM above a JOIN pg_inherits i ON i.inhrelid = a.relid
    )
    SELECT DISTINCT a.part FROM above a
    WHERE a.relid <> ALL (known.parts) AND known.files ? a.part::text);
  IF moved <> '{}' THEN
    UPDATE imat_catalog.source s SET files = s.files - moved::text[] WHERE s.relation = source;
  END IF;
  back := ARRAY(SELECT u.p FROM unnest(known.parts) u(p)
    WHERE u.p = ANY (tree) AND NOT known.files ? u.p::text);
  IF back <> '{}' THEN
    UPDATE imat_catalog.source s SET files = s.files || (
      SELECT jsonb_object_agg(u.p, imat_catalog.part_file(source, u.p)) FROM unnest(back) u(p))
    WHERE s.relation = source;
    PERFORM imat_catalog.log_part(source, NULL, 1);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.note_moved(oid) IS
  'Notes which parts that have left a source have a parent elsewhere, and marks the source as '
  'reset if one of them has come back.';
