-- If every read runs the definition, nothing can be wrong, and nothing is compared.
CREATE OR REPLACE FUNCTION imat_catalog.differences(wanted integer[])
RETURNS TABLE (imat_id integer, message text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
SET jit = off
-- Each fold asks twice: to plan it for the array of each call took as long as to run it.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  this_cluster bigint := imat_catalog.cluster();
  former CONSTANT text := '; the definition has its former query, which imat repair keeps and '
    'imat alter replaces';
BEGIN
  RETURN QUERY
  WITH compared AS (
    SELECT i.id, i.facts_cluster IS NOT DISTINCT FROM this_cluster AS same_cluster,
      -- The sources of the others are not captured for them.
      i.dependence <> 'moment' AS captures
    FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id = i.id
      JOIN pg_class d ON d.oid = i.definition_view
    WHERE i.state = 'active' AND i.broken IS NULL AND f.here
      AND (wanted IS NULL OR i.id = ANY (wanted))
      AND NOT (i.strategy = 'swap' AND i.freshness = 'live' AND NOT i.watchable
        AND i.dependence <> 'settings')
  ), captured AS MATERIALIZED (
    -- Once for each source, however many imats read it.
    SELECT s.relation, s.same_cluster,
      imat_catalog.capture_problem(s.relation::oid, s.same_cluster) AS problem
    FROM (
      SELECT DISTINCT z.relation, i.same_cluster
      FROM compared i JOIN imat_catalog.imat_source z ON z.imat_id = i.id
      WHERE i.captures
    ) s
  )
  SELECT i.id, c.problem
  FROM compared i JOIN imat_catalog.imat_source z ON z.imat_id = i.id
    JOIN captured c ON c.relation = z.relation AND c.same_cluster = i.same_cluster
  WHERE i.captures AND c.problem IS NOT NULL
  UNION ALL
  SELECT i.id, imat_catalog.fact_difference(f.class, f.object, f.facts, n.facts)
    || CASE WHEN n.facts ? 'inlined' THEN former ELSE '' END
  FROM compared i JOIN imat_catalog.fact f ON f.imat_id = i.id AND i.same_cluster
    CROSS JOIN LATERAL (SELECT imat_catalog.fact_version(f.class, f.object) AS version) v
    -- A function in a schema that is renamed has another name, and is the same row.
    CROSS JOIN LATERAL (SELECT CASE WHEN v.version = f.version AND CASE WHEN f.facts ? 'called'
        THEN f.facts->>'called' IN (f.object::text, imat_catalog.called_name(f.class, f.object))
        ELSE true END
      -- Policies of what a view reads leave the view itself as it is.
      THEN CASE WHEN f.facts ? 'rule'
        THEN f.facts - 'hides_rows' || imat_catalog.hidden_rows(f.object) ELSE f.facts END
      ELSE imat_catalog.read_facts(f.imat_id, f.class, f.object) END AS facts) n
  WHERE (n.facts IS DISTINCT FROM f.facts OR v.version LIKE '%:%')
    -- A view that can be dropped is one whose query the definition has as text.
    AND NOT (n.facts IS NULL AND f.facts ?| ARRAY['rule', 'inlined'])
  UNION ALL
  SELECT i.id, format('what it is made of was dropped or renamed: %s',
    string_agg(o.what, ', ' ORDER BY o.what))
  FROM compared i CROSS JOIN LATERAL imat_catalog.missing_objects(i.id) o
  WHERE NOT o.folds GROUP BY i.id
  UNION ALL
  SELECT i.id, imat_catalog.newcomer_difference(n.class, n.object)
  FROM compared i CROSS JOIN LATERAL imat_catalog.newcomers(i.id) n
  WHERE i.same_cluster
    AND EXISTS (SELECT FROM imat_catalog.name_use u WHERE u.imat_id = i.id)
  UNION ALL
  SELECT i.id, format('%s %s was created anew with another query',
      CASE WHEN f.facts ? 'rule' THEN 'view' ELSE 'materialized view' END, n.name) || former
  FROM compared i JOIN imat_catalog.fact f ON f.imat_id = i.id AND i.same_cluster
    CROSS JOIN LATERAL unnest(imat_catalog.names_inlined(f.facts)) n(name)
  -- CASE: to print a view that is there takes a lock on it.
  WHERE f.facts ? 'inlined' AND CASE
    WHEN EXISTS (SELECT FROM pg_class c WHERE c.oid = f.object) THEN false
    ELSE EXISTS (
      SELECT FROM pg_class c
      -- What stands in the place of a materialized view can be the view of its imat.
      WHERE c.relkind IN ('m', 'r', 'p', 'f', CASE WHEN f.facts ? 'rule' THEN 'v' END)
        AND c.relname = (parse_ident(n.name))[2]
        AND c.oid::regclass::text = n.name
        AND imat_catalog.view_query(c.oid) IS DISTINCT FROM f.facts->>'query') END;
END $$;

COMMENT ON FUNCTION imat_catalog.differences(integer[]) IS
  'Returns how what imats depend on differs from what it was at the conversion: capture on their '
  'sources, tables, views and functions. wanted: ids of imats, or NULL for all.';
