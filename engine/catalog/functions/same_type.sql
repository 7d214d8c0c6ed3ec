-- A log has a domain's values in the base type, which is also the type of a COALESCE with NULL.
CREATE OR REPLACE FUNCTION imat_store.same_type(name text, number smallint) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('pg_typeof(coalesce(s.%I, NULL)) = pg_typeof(l.c%s)', name, number)
$$;

COMMENT ON FUNCTION imat_store.same_type(text, smallint) IS
  'Returns a condition: that a column of the source s has the type that the log l has for it.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.same_type(text, smallint) TO PUBLIC;
