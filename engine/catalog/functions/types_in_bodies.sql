CREATE OR REPLACE FUNCTION imat_catalog.types_in_bodies(imat integer) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.type
  FROM imat_catalog.fact f JOIN pg_proc p ON p.oid = f.object, LATERAL (
    SELECT imat_catalog.types_in(concat_ws(' ', p.prosqlbody, p.proargdefaults))
    UNION ALL
    -- No tree of the definition has a call of these.
    SELECT unnest(p.prorettype || p.proargtypes::oid[] || p.proallargtypes)
    WHERE f.facts ? 'called') t(type)
  WHERE f.imat_id = imat AND f.class = 'pg_proc'::regclass
  UNION
  SELECT f.object FROM imat_catalog.fact f
  WHERE f.imat_id = imat AND f.class = 'pg_type'::regclass AND f.facts ? 'called'
$$;

COMMENT ON FUNCTION imat_catalog.types_in_bodies(integer) IS
  'Returns the types of values in the bodies of functions that a definition uses, as noted.';
