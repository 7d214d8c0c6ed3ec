CREATE OR REPLACE FUNCTION imat_catalog.types_read(imat integer) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.type FROM pg_rewrite r, imat_catalog.types_in(r.ev_action::text) t(type)
  WHERE r.rulename = '_RETURN' AND r.ev_class IN (
    SELECT i.definition_view::oid FROM imat_catalog.imat i WHERE i.id = imat
    UNION ALL
    SELECT f.object FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = 'pg_class'::regclass)
  UNION
  SELECT b.type FROM imat_catalog.types_in_bodies(imat) b(type)
$$;

COMMENT ON FUNCTION imat_catalog.types_read(integer) IS
  'Returns the types of values in a definition and the views and functions in it, as noted.';
