-- What has been renamed since is known by its OID; what a restore has brought back later, by its
-- name.
CREATE OR REPLACE FUNCTION imat_catalog.note_names() RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE imat_catalog.imat i SET
    definition_view_text = imat_catalog.name_of(i.definition_view, i.definition_view_text),
    relation_text = imat_catalog.name_of(i.relation, i.relation_text),
    original_text = imat_catalog.name_of(i.original, i.original_text),
    replacement_text = imat_catalog.name_of(i.replacement, i.replacement_text),
    stored_text = imat_catalog.name_of(i.stored, i.stored_text),
    labels_text = imat_catalog.name_of(i.labels, i.labels_text),
    elapsed_text = imat_catalog.name_of(i.elapsed, i.elapsed_text);
  UPDATE imat_catalog.source s SET
    relation_text = imat_catalog.name_of(s.relation, s.relation_text),
    log_text = imat_catalog.name_of(s.log, s.log_text);
  UPDATE imat_catalog.imat_source z SET
    relation_text = imat_catalog.name_of(z.relation, z.relation_text);
$$;

COMMENT ON FUNCTION imat_catalog.note_names() IS
  'Notes the names that the relations of all imats have now, and looks up by name those that are '
  'not there.';
