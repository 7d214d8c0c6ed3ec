CREATE OR REPLACE FUNCTION imat.last_schema_change(relation regclass)
RETURNS TABLE (not_before timestamptz, at timestamptz, xid xid8, printed_xid xid, role text,
  command text, type text, part text, kind text, source text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT h.not_before, h.at, h.xid, h.xid::xid, h.role, h.command, h.type, h.part, h.kind, h.source
  FROM imat.history(relation) h
  WHERE h.kind IS DISTINCT FROM 'rewrite'
  LIMIT 1
$$;

COMMENT ON FUNCTION imat.last_schema_change(regclass) IS
  'Returns the last known change of a table''s schema; no row if none is known. VACUUM FULL and '
  'CLUSTER rewrite the table and are no changes of its schema.';
