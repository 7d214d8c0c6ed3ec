CREATE OR REPLACE FUNCTION imat_catalog.imats_naming(changed oid[]) RETURNS integer[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names name[];
  added_schemas name[];
  found integer[];
BEGIN
  IF NOT EXISTS (SELECT FROM imat_catalog.name_use) THEN RETURN '{}'; END IF;
  IF EXISTS (SELECT FROM pg_extension e WHERE e.oid = ANY (changed)) THEN
    RETURN ARRAY(SELECT DISTINCT u.imat_id FROM imat_catalog.name_use u);
  END IF;
  names := ARRAY(
    SELECT p.proname FROM pg_proc p WHERE p.oid = ANY (changed)
    UNION ALL
    SELECT o.oprname FROM pg_operator o WHERE o.oid = ANY (changed)
    UNION ALL
    SELECT c.relname FROM pg_class c WHERE c.oid = ANY (changed)
    UNION ALL
    SELECT y.typname FROM pg_type y WHERE y.oid = ANY (changed)
    UNION ALL
    SELECT c.collname FROM pg_collation c WHERE c.oid = ANY (changed)
    UNION ALL
    SELECT c.cfgname FROM pg_ts_config c WHERE c.oid = ANY (changed)
    UNION ALL
    SELECT y.typname FROM pg_range r JOIN pg_type y ON y.oid = r.rngmultitypid
    WHERE r.rngtypid = ANY (changed));
  found := ARRAY(
    SELECT u.imat_id FROM imat_catalog.name_use u WHERE u.functions && names
    UNION
    SELECT u.imat_id FROM imat_catalog.name_use u WHERE u.operators && names
    UNION
    SELECT u.imat_id FROM imat_catalog.name_use u WHERE u.types && names);
  -- What follows reads all of them, and such commands are few.
  added_schemas := ARRAY(SELECT n.nspname FROM pg_namespace n WHERE n.oid = ANY (changed));
  IF added_schemas <> '{}' THEN
    found := found || ARRAY(
      SELECT u.imat_id FROM imat_catalog.name_use u
      WHERE u.schemas && (added_schemas || '$user'::name));
  END IF;
  IF EXISTS (SELECT FROM pg_cast c WHERE c.oid = ANY (changed)) THEN
    found := found || ARRAY(
      SELECT u.imat_id FROM imat_catalog.name_use u, pg_cast c
      WHERE c.oid = ANY (changed)
        AND (c.castsource < 16384 OR c.castsource = ANY (u.value_types)));
  END IF;
  RETURN ARRAY(SELECT DISTINCT i.id FROM unnest(found) i(id));
END $$;

COMMENT ON FUNCTION imat_catalog.imats_naming(oid[]) IS
  'Returns the imats whose functions have bodies that may take one of the objects given by its '
  'name.';
