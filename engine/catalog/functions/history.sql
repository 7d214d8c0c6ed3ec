-- The row of a table in pg_class tells of a change only if no rewrite wrote it: a rewrite changes
-- the file node. Rights and triggers write the row as well, so it says nothing where it agrees with
-- the image. Without an image, only a table that still has its first file node is sure.
CREATE OR REPLACE FUNCTION imat.history(relation regclass)
RETURNS TABLE (not_before timestamptz, at timestamptz, xid xid8, role text, command text,
  object text, type text, part text, kind text, before jsonb, after jsonb, source text,
  imats text[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  WITH target AS (
    SELECT c.oid, c.xmin AS made_by, format('%I.%I', n.nspname, c.relname) AS name, c.relfilenode
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = relation AND imat_catalog.may_read_relation(imat_catalog.caller(), relation)
  ), recorded AS (
    SELECT c.* FROM imat_catalog.schema_change c, target t
    WHERE CASE WHEN c.here THEN c.class_id = 'pg_class'::regclass AND c.object_id = t.oid
      ELSE c.object = t.name END
  ), committed AS (
    SELECT imat_catalog.commit_time(a.xmin) AS at, a.xmin AS made_by, 'column' AS type,
      a.attname::text AS part, CASE WHEN a.attisdropped THEN 'drop' END AS kind
    FROM target t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
    UNION ALL
    SELECT imat_catalog.commit_time(t.made_by), t.made_by, 'table', NULL,
      CASE WHEN CASE WHEN i.object_id IS NULL THEN t.relfilenode <> t.oid
        ELSE n.image - 'file_node' = i.image - 'file_node' END THEN 'rewrite' END
    FROM target t
      JOIN imat_catalog.relation_image(ARRAY[t.oid]) n ON n.part_id = 0
      LEFT JOIN imat_catalog.schema_image i ON i.class_id = 'pg_class'::regclass
        AND i.object_id = t.oid AND i.part_id = 0 AND i.here
    WHERE i.image IS DISTINCT FROM n.image
  )
  SELECT h.* FROM (
    SELECT r.not_before, r.at, r.xid, r.role, r.command, r.object, r.type, r.part, r.kind, r.before,
      r.after, r.source, r.imats
    FROM recorded r
    UNION ALL
    SELECT NULL, m.at, imat_catalog.full_xid(m.made_by), NULL, NULL, t.name, m.type, m.part, m.kind,
      NULL, NULL, 'commit timestamp', '{}'::text[]
    FROM committed m, target t
    WHERE m.at IS NOT NULL
      AND NOT EXISTS (SELECT FROM recorded r
        WHERE r.here AND imat_catalog.wrote_row(r.xid, m.made_by))
  ) h
  ORDER BY h.at DESC, h.type DESC, h.part
$$;

COMMENT ON FUNCTION imat.history(regclass) IS
  'Returns what is known of the changes of a table''s schema, newest first: what event triggers '
  'and comparisons have recorded, and the commit times of the rows of PostgreSQL''s catalog.';
