-- To print a view, PostgreSQL locks what its query names: materialized views and foreign tables,
-- too, which LOCK TABLE passes over, and for a role that must not read them.
CREATE OR REPLACE FUNCTION imat_catalog.view_locks(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((
    SELECT CASE WHEN has_table_privilege(i.definition_view, 'SELECT')
        THEN format('LOCK TABLE %s IN ACCESS SHARE MODE; ',
          imat_catalog.required_name(i.definition_view)) ELSE '' END
      || format('SELECT pg_get_viewdef(v) FROM unnest(%L::oid[]) v;', i.definition_view::oid
        || ARRAY(SELECT c.oid FROM imat_catalog.fact f JOIN pg_class c ON c.oid = f.object
          WHERE f.imat_id = i.id AND f.class = 'pg_class'::regclass AND c.relkind = 'v'
          ORDER BY 1))
    FROM imat_catalog.imat i
    WHERE i.id = imat AND EXISTS (
      SELECT FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass
        AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
      WHERE r.ev_class = i.definition_view AND d.refobjid <> r.ev_class
        AND NOT EXISTS (SELECT FROM imat_catalog.imat_source z
          WHERE z.imat_id = i.id AND z.relation = d.refobjid))
  ), '')
$$;

COMMENT ON FUNCTION imat_catalog.view_locks(integer) IS
  'Returns statements that lock all that the imat''s definition reads; an empty text if that is '
  'its sources alone. What is checked after these locks is what runs, even if the snapshot is '
  'older.';
