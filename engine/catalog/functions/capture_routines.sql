CREATE OR REPLACE FUNCTION imat_catalog.capture_routines() RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid FROM pg_proc p
  WHERE p.pronamespace = to_regnamespace('imat_store') AND p.proname = ANY (ARRAY['append_reset',
    'capture_command', 'captured_rows', 'estimated_rows', 'has_column', 'has_columns', 'has_parts',
    'inheritors', 'is_detaching', 'is_locked', 'is_loggable', 'is_root', 'may_append', 'part_tree',
    'planned_parts', 'same_type'])
$$;

COMMENT ON FUNCTION imat_catalog.capture_routines() IS
  'Returns the functions of imat_store that capture functions call, and those that these call.';
