CREATE OR REPLACE FUNCTION imat_catalog.add_schema_change(former imat_catalog.schema_image,
  present imat_catalog.schema_image, command text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO imat_catalog.schema_change (not_before, at, xid, role, command, class_id, object_id,
    type, part_id, object, part, kind, before, after, source, imats)
  SELECT CASE WHEN command IS NULL THEN greatest(former.taken_at, c.compared_at) END,
    clock_timestamp(), CASE WHEN command IS NOT NULL THEN pg_current_xact_id() END,
    CASE WHEN command IS NOT NULL THEN session_user END, command,
    coalesce(present.class_id, former.class_id), coalesce(present.object_id, former.object_id),
    coalesce(present.type, former.type), coalesce(present.part_id, former.part_id),
    coalesce(present.object, former.object), coalesce(present.part, former.part),
    CASE WHEN former.image IS NULL THEN 'create' WHEN present.image IS NULL THEN 'drop'
      WHEN d.keys = '{file_node}' THEN 'rewrite' WHEN d.keys <@ '{name,schema}' THEN 'rename'
      ELSE 'alter' END,
    CASE WHEN present.image IS NULL THEN former.image ELSE d.before END,
    CASE WHEN former.image IS NULL THEN present.image ELSE d.after END,
    CASE WHEN command IS NULL THEN 'fingerprint' ELSE 'event trigger' END,
    ARRAY(SELECT DISTINCT k.imat FROM imat_catalog.known_objects() k
      WHERE k.class_id = coalesce(present.class_id, former.class_id)
        AND k.object_id = coalesce(present.object_id, former.object_id) AND k.imat IS NOT NULL
      UNION SELECT i.name FROM imat_catalog.imat_source s
        JOIN imat_catalog.imat i ON i.id = s.imat_id WHERE s.relation = former.object_id
      ORDER BY 1)
  FROM imat_catalog.schema_comparison c, (
    SELECT array_agg(b.key ORDER BY b.key) AS keys, jsonb_object_agg(b.key, b.value) AS before,
      jsonb_object_agg(b.key, present.image -> b.key) AS after
    FROM jsonb_each(former.image) b WHERE b.value IS DISTINCT FROM present.image -> b.key
  ) d
$$;

COMMENT ON FUNCTION imat_catalog.add_schema_change(imat_catalog.schema_image,
  imat_catalog.schema_image, text) IS
  'Records how an object differs from its image: found by a comparison, or, with the tag of a '
  'command, made by that command of this transaction.';
