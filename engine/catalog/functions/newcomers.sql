-- An extension brings its own objects up to date: what it adds to what it has is as it should be.
-- Most that others bring takes types of their own.
CREATE OR REPLACE FUNCTION imat_catalog.newcomers(imat integer)
RETURNS TABLE (class oid, object oid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT f.class, f.object
  FROM imat_catalog.name_use u, LATERAL imat_catalog.found_by_name(u.schemas, u.functions,
    u.operators, u.types, u.value_types) f
  WHERE u.imat_id = imat AND f.class || '/' || f.object <> ALL (u.known)
    AND NOT imat_catalog.takes_others(f.class, f.object, u.value_types)
    AND NOT EXISTS (
      SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = f.class AND d.objid = f.object AND d.deptype = 'e'
        AND d.refclassid = 'pg_extension'::regclass
        AND e.oid || ' in ' || e.extnamespace = ANY (u.known));
END $$;

COMMENT ON FUNCTION imat_catalog.newcomers(integer) IS
  'Returns what was created, renamed or moved since the conversion so that the body of a function '
  'that an imat uses may take it.';
