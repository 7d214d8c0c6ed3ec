-- The version is the xmin of the rule's row. A view that was replaced after this snapshot was taken
-- shows it by the xmax of the row that the snapshot sees.
CREATE OR REPLACE FUNCTION imat_catalog.rules_read(definition oid) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  WITH RECURSIVE reads AS (
    SELECT definition AS view
    UNION
    SELECT c.oid
    FROM reads s JOIN pg_rewrite r ON r.ev_class = s.view
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
      JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'v'
    WHERE NOT EXISTS (SELECT FROM imat_catalog.imat o WHERE o.relation = c.oid)
  )
  SELECT coalesce(array_agg(r.ev_class || ':' || r.xmin || CASE
    WHEN imat_catalog.is_committed(r.xmax) THEN ':' || r.xmax ELSE '' END ORDER BY r.ev_class),
      '{}')
  FROM reads s JOIN pg_rewrite r ON r.ev_class = s.view WHERE s.view <> definition
$$;

COMMENT ON FUNCTION imat_catalog.rules_read(oid) IS
  'Returns the rules of the ordinary views that a definition reads, at any depth, as '
  'view:version. The version changes when a view is replaced, not when it is renamed.';
