CREATE OR REPLACE FUNCTION imat_catalog.names_inlined(facts jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY[facts->>'inlined'] || ARRAY(
    SELECT n.name FROM jsonb_array_elements_text(facts->'renamed') n(name))
$$;

COMMENT ON FUNCTION imat_catalog.names_inlined(jsonb) IS
  'Returns the names that a view has had whose query is in the text of a definition.';
