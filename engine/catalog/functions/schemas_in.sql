CREATE OR REPLACE FUNCTION imat_catalog.schemas_in(path text) RETURNS name[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(
    SELECT 'pg_catalog'::name
    UNION
    SELECT imat_catalog.as_identifier(e[1])
    FROM regexp_matches(path, '"(?:[^"]|"")+"|[^",[:space:]]+', 'g') e
    ORDER BY 1)
$$;

COMMENT ON FUNCTION imat_catalog.schemas_in(text) IS
  'Returns the names of the schemas in which a search_path may find names, in no order, with $user '
  'as it is.';
