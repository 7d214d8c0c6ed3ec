-- Of whatever has one of these types as a value, the text, the JSON and the comparisons are made of
-- all its columns. A row of a subquery has no such type.
CREATE OR REPLACE FUNCTION imat_catalog.rows_read(imat integer) RETURNS TABLE (relation oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.oid
  FROM imat_catalog.types_within(ARRAY(
      SELECT t.type FROM pg_rewrite r, imat_catalog.types_in(r.ev_action::text) t(type)
      WHERE r.rulename = '_RETURN' AND r.ev_class IN (
        SELECT i.definition_view::oid FROM imat_catalog.imat i WHERE i.id = imat
        UNION ALL
        SELECT f.object FROM imat_catalog.fact f
        WHERE f.imat_id = imat AND f.class = 'pg_class'::regclass)
      UNION
      SELECT b.type FROM imat_catalog.types_in_bodies(imat) b(type))) w(type)
    JOIN pg_type y ON y.oid = w.type JOIN pg_class c ON c.oid = y.typrelid
$$;

COMMENT ON FUNCTION imat_catalog.rows_read(integer) IS
  'Returns the tables, views and composite types of which a definition, or a view or a function in '
  'it, has whole rows as values, at any depth.';
