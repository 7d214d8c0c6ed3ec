-- What has been renamed since is known by its OID; what a restore has brought back later, by its
-- name. Only what differs is written, and whatever another session has locked for longer, for
-- example an imat that is being stored, is left to the next call: nobody waits for that here, and
-- nobody else waits behind this.
CREATE OR REPLACE FUNCTION imat_catalog.note_names() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  one record;
  patience text := current_setting('lock_timeout');
BEGIN
  PERFORM set_config('lock_timeout', '100ms', true);
  FOR one IN
    SELECT i.id FROM imat_catalog.imat i
    WHERE imat_catalog.is_renamed(
      ARRAY[i.definition_view, i.relation, i.original, i.replacement, i.stored, i.labels,
        i.elapsed],
      ARRAY[i.definition_view_text, i.relation_text, i.original_text, i.replacement_text,
        i.stored_text, i.labels_text, i.elapsed_text])
    ORDER BY i.id
  LOOP
    BEGIN
      UPDATE imat_catalog.imat i SET
        definition_view_text = imat_catalog.name_of(i.definition_view, i.definition_view_text),
        relation_text = imat_catalog.name_of(i.relation, i.relation_text),
        original_text = imat_catalog.name_of(i.original, i.original_text),
        replacement_text = imat_catalog.name_of(i.replacement, i.replacement_text),
        stored_text = imat_catalog.name_of(i.stored, i.stored_text),
        labels_text = imat_catalog.name_of(i.labels, i.labels_text),
        elapsed_text = imat_catalog.name_of(i.elapsed, i.elapsed_text)
      WHERE i.id = one.id;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      CONTINUE;
    END;
  END LOOP;
  FOR one IN
    SELECT s.relation_text FROM imat_catalog.source s
    WHERE imat_catalog.is_renamed(ARRAY[s.relation, s.log], ARRAY[s.relation_text, s.log_text])
    ORDER BY 1
  LOOP
    BEGIN
      UPDATE imat_catalog.source s SET
        relation_text = imat_catalog.name_of(s.relation, s.relation_text),
        log_text = imat_catalog.name_of(s.log, s.log_text)
      WHERE s.relation_text = one.relation_text;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      CONTINUE;
    END;
  END LOOP;
  FOR one IN
    SELECT z.imat_id, z.relation_text FROM imat_catalog.imat_source z
    WHERE imat_catalog.is_renamed(ARRAY[z.relation], ARRAY[z.relation_text])
    ORDER BY 1, 2
  LOOP
    BEGIN
      UPDATE imat_catalog.imat_source z SET
        relation_text = imat_catalog.name_of(z.relation, z.relation_text)
      WHERE z.imat_id = one.imat_id AND z.relation_text = one.relation_text;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      CONTINUE;
    END;
  END LOOP;
  PERFORM set_config('lock_timeout', patience, true);
END $$;

COMMENT ON FUNCTION imat_catalog.note_names() IS
  'Notes the names that the relations of all imats have now, and looks up by name those that are '
  'not there. What other sessions have locked is left to the next call.';
