-- engine/generate/capture.ts ends the functions that can count with code in this form. A column can
-- have any name, so only the end tells.
CREATE OR REPLACE FUNCTION imat_catalog.counts_as(capture oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT substring(p.prosrc FROM
    E'counting[*]?/?[^*/]*VALUES [(](\\d+),[^*/]*/?[*]?counting[*]/\\s+RETURN NULL;\\s+END$')
  FROM pg_proc p WHERE p.oid = capture
$$;

COMMENT ON FUNCTION imat_catalog.counts_as(oid) IS
  'Returns the id for which a function that captures changes counts them as well: 0 if it does '
  'not, NULL if it cannot.';
