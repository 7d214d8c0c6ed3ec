CREATE OR REPLACE FUNCTION imat_catalog.view_locks(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT coalesce('LOCK TABLE '
    || string_agg(imat_catalog.required_name(c.oid), ', ' ORDER BY c.oid)
    || ' IN ACCESS SHARE MODE;', '')
  FROM imat_catalog.fact f JOIN pg_class c ON f.class = 'pg_class'::regclass AND c.oid = f.object
  WHERE f.imat_id = imat AND c.relkind = 'v'
$$;

COMMENT ON FUNCTION imat_catalog.view_locks(integer) IS
  'Returns a LOCK TABLE statement for the views that the imat''s definition reads; an empty '
  'text if it reads none. What is checked after these locks is what runs, even if the snapshot '
  'is older.';
