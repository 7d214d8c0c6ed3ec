CREATE OR REPLACE FUNCTION imat_catalog.schema_now(relations oid[], functions oid[])
RETURNS TABLE (class_id oid, object_id oid, type text, part_id oid, object text, part text,
  image jsonb, made_by xid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'pg_class'::regclass, r.* FROM imat_catalog.relation_image(relations) r
  UNION ALL
  SELECT 'pg_proc'::regclass, p.oid, 'function', 0::oid,
    format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    NULL, jsonb_build_object('schema', n.nspname, 'name', p.proname,
      'owner', pg_get_userbyid(p.proowner), 'definition',
      CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END),
    p.xmin
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid = ANY (functions)
$$;

COMMENT ON FUNCTION imat_catalog.schema_now(oid[], oid[]) IS
  'Returns what PostgreSQL''s catalog says of relations with their parts, and of functions.';
