-- Each fold asks: the names are looked up by indexes, and little is planned.
CREATE OR REPLACE FUNCTION imat_catalog.found_by_name(schemas name[], functions name[],
  operators name[], types name[], value_types oid[])
RETURNS TABLE (class oid, object oid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  -- bigint: otherwise all functions and types of users are looked at, by oid.
  WITH named AS MATERIALIZED (
    SELECT 'pg_proc'::regclass::oid AS class, p.oid AS object, p.pronamespace AS schema
    FROM pg_proc p WHERE p.proname = ANY (functions) AND p.oid::bigint >= 16384
    UNION ALL
    SELECT 'pg_operator'::regclass, p.oid, p.oprnamespace
    FROM pg_operator p WHERE p.oprname = ANY (operators) AND p.oid >= 16384
    UNION ALL
    -- A relation's type cannot be called.
    SELECT 'pg_type'::regclass, y.oid, y.typnamespace
    FROM pg_type y WHERE y.typname = ANY (types || functions) AND y.oid::bigint >= 16384
      AND functions IS NOT NULL AND (y.typrelid = 0 OR y.typname = ANY (types))
    UNION ALL
    SELECT 'pg_collation'::regclass, c.oid, c.collnamespace
    FROM pg_collation c WHERE c.collname = ANY (types) AND c.oid >= 16384
    UNION ALL
    SELECT 'pg_ts_config'::regclass, c.oid, c.cfgnamespace
    FROM pg_ts_config c WHERE c.cfgname = ANY (types) AND c.oid >= 16384
  )
  SELECT o.class, o.object FROM named o JOIN pg_namespace n ON n.oid = o.schema
  WHERE imat_catalog.is_within(n.nspname, schemas)
  UNION ALL
  -- An implicit one lets functions and operators take what they did not.
  SELECT 'pg_cast'::regclass, c.oid FROM pg_cast c
  WHERE c.oid >= 16384 AND (c.castsource < 16384 OR c.castsource = ANY (value_types))
    AND CASE WHEN functions IS NULL
      THEN c.casttarget = 'text'::regtype AND 'text' = ANY (types)
        OR c.casttarget = 'json'::regtype AND 'json' = ANY (types)
      ELSE c.castcontext = 'i' OR c.casttarget < 16384 OR c.casttarget = ANY (value_types) END;
END $$;

COMMENT ON FUNCTION imat_catalog.found_by_name(name[], name[], name[], name[], oid[]) IS
  'Returns the functions, operators, casts, types, collations and text search configurations, none '
  'of them PostgreSQL''s own, that a body may find by the names given (names_in_body); without '
  'names of functions only casts to the types given (casts_looked_up).';
