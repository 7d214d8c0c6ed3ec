CREATE OR REPLACE FUNCTION imat_catalog.view_locks(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT coalesce('LOCK TABLE ' || string_agg(split_part(u.rule, ':', 1)::oid::regclass::text,
    ', ') || ' IN ACCESS SHARE MODE;', '')
  FROM imat_catalog.imat i, unnest(imat_catalog.rules_read(i.definition_view)) u(rule)
    WHERE i.id = imat
$$;

COMMENT ON FUNCTION imat_catalog.view_locks(integer) IS
  'Returns a LOCK TABLE statement for the views that the imat''s definition reads; an empty '
  'text if it reads none. What is checked after these locks is what runs, even if the snapshot '
  'is older.';
