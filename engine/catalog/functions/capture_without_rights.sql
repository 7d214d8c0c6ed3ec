-- Capture functions run with the rights of their owner: for a superuser's capture on the table of
-- an ordinary role, that role. REASSIGN OWNED gives the functions to another role, but grants stay
-- where they are. Row-level security that somebody enables on a log concerns that role as well. In
-- PL/pgSQL, which keeps its plan: each fold by the API asks.
CREATE OR REPLACE FUNCTION imat_catalog.capture_without_rights(source oid)
RETURNS TABLE (function text, role text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT n.value, quote_ident(pg_get_userbyid(p.proowner))
  FROM imat_catalog.source s CROSS JOIN LATERAL jsonb_each_text(s.capture) n
    -- LIMIT: found by the index. A join would read all functions of the database.
    CROSS JOIN LATERAL (
      SELECT f.proowner FROM pg_proc f WHERE f.oid = to_regprocedure(n.value || '()') LIMIT 1) p
  WHERE s.relation = source AND NOT (has_schema_privilege(p.proowner, 'imat_store', 'USAGE')
    AND has_table_privilege(p.proowner, s.log, 'INSERT')
    AND has_column_privilege(p.proowner, 'imat_store.reset', 'relation', 'INSERT')
    AND NOT EXISTS (SELECT FROM imat_catalog.capture_routines() r(routine)
      WHERE NOT has_function_privilege(p.proowner, r.routine, 'EXECUTE'))
    AND NOT imat_catalog.policies_apply(p.proowner, s.log)
    AND NOT imat_catalog.policies_apply(p.proowner, 'imat_store.reset'::regclass));
END $$;

COMMENT ON FUNCTION imat_catalog.capture_without_rights(oid) IS
  'Returns the capture functions of a source whose owners cannot append to its log, and these.';
