-- Of whatever has one of these types as a value, the text, the JSON and the comparisons are made of
-- all its columns. A row of a subquery has no such type.
CREATE OR REPLACE FUNCTION imat_catalog.rows_read(imat integer) RETURNS TABLE (relation oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.oid
  FROM imat_catalog.types_within(ARRAY(SELECT imat_catalog.types_read(imat))) w(type)
    JOIN pg_type y ON y.oid = w.type JOIN pg_class c ON c.oid = y.typrelid
$$;

COMMENT ON FUNCTION imat_catalog.rows_read(integer) IS
  'Returns the tables, views and composite types of which a definition, or a view or a function in '
  'it, has whole rows as values, at any depth.';
