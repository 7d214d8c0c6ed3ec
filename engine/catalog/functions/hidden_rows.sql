-- A view reads with the rights of its owner, one with security_invoker with those of the definition
-- that reads it (hides_rows).
CREATE OR REPLACE FUNCTION imat_catalog.hidden_rows(view oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN EXISTS (
    SELECT FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
    WHERE v.oid = view AND v.relkind IN ('v', 'm') AND c.relrowsecurity
      AND NOT EXISTS (SELECT FROM pg_options_to_table(v.reloptions) o
        WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
      AND imat_catalog.policies_apply(v.relowner, c.oid)
  ) THEN '{"hides_rows": true}'::jsonb ELSE '{}' END
$$;

COMMENT ON FUNCTION imat_catalog.hidden_rows(oid) IS
  'Returns as a fact of a view, or a materialized view, that it reads a table with row-level '
  'security that applies to its owner; nothing if it does not.';
