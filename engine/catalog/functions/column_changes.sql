CREATE OR REPLACE FUNCTION imat.column_changes(relation regclass)
RETURNS TABLE (number smallint, name text, is_dropped boolean, not_before timestamptz,
  at timestamptz, xid xid8, printed_xid xid, role text, command text, kind text, source text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT a.attnum, coalesce(CASE WHEN a.attisdropped THEN r.part END, a.attname), a.attisdropped,
    CASE WHEN u.recorded THEN r.not_before END, CASE WHEN u.recorded THEN r.at ELSE t.at END,
    CASE WHEN u.recorded THEN r.xid ELSE t.xid END, a.xmin, CASE WHEN u.recorded THEN r.role END,
    CASE WHEN u.recorded THEN r.command END,
    CASE WHEN u.recorded THEN r.kind WHEN a.attisdropped THEN 'drop' END,
    CASE WHEN u.recorded THEN r.source WHEN t.at IS NOT NULL THEN 'commit timestamp'
      ELSE 'unknown' END
  FROM pg_catalog.pg_attribute a
    CROSS JOIN LATERAL (SELECT imat_catalog.full_xid(a.xmin) AS xid,
      imat_catalog.commit_time(a.xmin) AS at) t
    LEFT JOIN LATERAL (
      SELECT c.* FROM imat_catalog.schema_change c
      WHERE c.here AND c.class_id = 'pg_class'::regclass AND c.object_id = relation
        AND c.type = 'column' AND c.part_id::bigint = a.attnum
      ORDER BY c.id DESC LIMIT 1
    ) r ON true
    -- The commit time of the column's row is that of its last change.
    CROSS JOIN LATERAL (SELECT r.id IS NOT NULL
      AND (imat_catalog.wrote_row(r.xid, a.xmin) OR t.at IS NULL) AS recorded) u
  WHERE a.attrelid = relation AND a.attnum > 0
    AND imat_catalog.may_read_relation(imat_catalog.caller(), relation)
  ORDER BY a.attnum
$$;

COMMENT ON FUNCTION imat.column_changes(regclass) IS
  'Returns for each column of a table, dropped ones included, when it changed last and from where '
  'that is known.';
