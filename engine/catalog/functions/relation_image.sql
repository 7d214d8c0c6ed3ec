CREATE OR REPLACE FUNCTION imat_catalog.relation_image(relations oid[])
RETURNS TABLE (object_id oid, type text, part_id oid, object text, part text, image jsonb,
  made_by xid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH known AS MATERIALIZED (
    SELECT c.*, c.xmin AS made_by, format('%I.%I', n.nspname, c.relname) AS name, n.nspname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (relations)
  )
  SELECT k.oid, CASE k.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'table' END,
    0::oid, k.name, NULL, jsonb_build_object(
      'schema', k.nspname, 'name', k.relname, 'owner', pg_get_userbyid(k.relowner),
      'persistence', k.relpersistence::text, 'options', k.reloptions,
      'row_security', k.relrowsecurity, 'replica_identity', k.relreplident::text,
      'definition', CASE WHEN k.relkind IN ('v', 'm') THEN imat_catalog.printed_view(k.oid) END,
      'partition_bound', imat_catalog.printed_expression(k.relpartbound, k.oid),
      'file_node', CASE WHEN k.relkind = 'r' THEN k.relfilenode::bigint END),
    k.made_by
  FROM known k
  UNION ALL
  SELECT k.oid, 'column', a.attnum::integer::oid, k.name, a.attname, jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
      'default', imat_catalog.printed_expression(d.adbin, d.adrelid),
      'identity', a.attidentity::text, 'generated', a.attgenerated::text,
      'storage', a.attstorage::text,
      'collation', (SELECT format('%I.%I', o.collnamespace::regnamespace, o.collname)
        FROM pg_catalog.pg_collation o WHERE o.oid = a.attcollation)),
    a.xmin
  FROM known k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.oid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND k.relkind <> 'S'
  UNION ALL
  SELECT k.oid, 'constraint', o.oid, k.name, o.conname,
    jsonb_build_object('name', o.conname, 'definition', pg_get_constraintdef(o.oid)), o.xmin
  FROM known k JOIN pg_catalog.pg_constraint o ON o.conrelid = k.oid
  -- NOT NULL is said of the column.
  WHERE o.contype NOT IN ('n', 't')
  UNION ALL
  SELECT k.oid, 'index', i.oid, k.name, i.relname,
    jsonb_build_object('name', i.relname, 'definition', pg_get_indexdef(i.oid)), i.xmin
  FROM known k JOIN pg_catalog.pg_index x ON x.indrelid = k.oid
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = i.oid)
$$;

COMMENT ON FUNCTION imat_catalog.relation_image(oid[]) IS
  'Returns what PostgreSQL''s catalog says of relations, their columns, constraints and indexes.';
