CREATE OR REPLACE FUNCTION imat_catalog.casts_looked_up(imat integer) RETURNS name[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH trees AS MATERIALIZED (
    SELECT r.ev_action::text AS tree FROM pg_rewrite r
    WHERE r.rulename = '_RETURN' AND r.ev_class IN (
      SELECT i.definition_view::oid FROM imat_catalog.imat i WHERE i.id = imat
      UNION ALL
      SELECT f.object FROM imat_catalog.fact f
      WHERE f.imat_id = imat AND f.class = 'pg_class'::regclass)
    UNION ALL
    SELECT concat_ws(' ', p.prosqlbody, p.proargdefaults)
    FROM imat_catalog.fact f JOIN pg_proc p ON p.oid = f.object
    WHERE f.imat_id = imat AND f.class = 'pg_proc'::regclass
  ), looking AS (
    SELECT p.oid, CASE WHEN p.proname ~ 'json' THEN 'json' ELSE 'text' END AS target
    FROM pg_proc p
    WHERE p.oid < 16384 AND p.proname ~ ('^(to_jsonb?|(row|array)_to_json'
      '|jsonb?_(build_(object|array)|(object_)?agg.*)'
      '|textanycat|anytextcat|quote_literal|quote_nullable)$')
  )
  SELECT ARRAY(
    SELECT l.target::name FROM (
      SELECT k.target,
        format(E':(funcid|opfuncid|aggfnoid|winfnoid) (%s)\\M', string_agg(k.oid::text, '|'))
          || CASE k.target WHEN 'json' THEN '|JSONCONSTRUCTOREXPR' ELSE '' END AS pattern
      FROM looking k GROUP BY k.target) l
    WHERE EXISTS (SELECT FROM trees t WHERE t.tree ~ l.pattern))
$$;

COMMENT ON FUNCTION imat_catalog.casts_looked_up(integer) IS
  'Returns the types to which PostgreSQL''s own functions in a definition look up casts when they '
  'run, as || and to_json do: text, json, both or none.';
