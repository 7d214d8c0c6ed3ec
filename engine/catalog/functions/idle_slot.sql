CREATE OR REPLACE FUNCTION imat_catalog.idle_slot(swap jsonb, active oid) RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN to_regclass(swap->'slots'->>0)::oid = active THEN 1 ELSE 0 END $$;

COMMENT ON FUNCTION imat_catalog.idle_slot(jsonb, oid) IS
  'Returns the index, 0 or 1, of the slot of a swap imat that is not active.';
