CREATE OR REPLACE FUNCTION imat_catalog.intervals(of_kind text, of_schema text, of_name text)
RETURNS TABLE (group_name text, member_id integer, from_id bigint, from_mark text,
  from_at timestamptz, is_start boolean, to_id bigint, to_mark text, to_at timestamptz,
  is_stop boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  members integer[];
BEGIN
  members := ARRAY(SELECT m.id FROM imat_catalog.member m
      JOIN imat_catalog.member_name n ON n.member_id = m.id
    WHERE m.kind = of_kind AND n.schema_name = of_schema AND n.relation_name = of_name);
  IF members = '{}' THEN
    RAISE EXCEPTION
      USING ERRCODE = 'undefined_object',
        MESSAGE = format('%s "%s.%s" is in no group', of_kind, of_schema, of_name),
        HINT = 'imat.add_to_group adds it to a group.';
  END IF;
  IF NOT EXISTS (SELECT FROM imat_catalog.member m WHERE m.id = ANY (members)
    AND imat_catalog.may_read_group(imat_catalog.caller(), m.group_id)) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('permission denied for the groups of %s "%s.%s"', of_kind, of_schema,
          of_name),
        HINT = 'Statistics of a group need the SELECT privilege on all its tables and sequences.';
  END IF;
  RETURN QUERY
  SELECT i.* FROM (
    SELECT g.name, m.id AS member, o.id AS from_id, coalesce(o.mark, '[deleted mark]'), o.at,
      o.id = m.from_id, lead(o.id) OVER w,
      CASE WHEN lead(o.id) OVER w IS NOT NULL
        THEN coalesce(lead(o.mark) OVER w, '[deleted mark]') END,
      lead(o.at) OVER w, coalesce(lead(o.id) OVER w = m.to_id, false)
    FROM imat_catalog.member m JOIN imat_catalog.change_group g ON g.id = m.group_id
      JOIN imat_catalog.moment o ON o.group_id = g.id AND o.id >= m.from_id
        AND (m.to_id IS NULL OR o.id <= m.to_id)
        AND (o.mark IS NOT NULL OR o.id IN (m.from_id, m.to_id))
    WHERE m.id = ANY (members) AND imat_catalog.may_read_group(imat_catalog.caller(), g.id)
    WINDOW w AS (PARTITION BY m.id ORDER BY o.id)
  ) i JOIN imat_catalog.member m ON m.id = i.member
  WHERE m.to_id IS DISTINCT FROM i.from_id
  ORDER BY i.from_id;
END $$;

COMMENT ON FUNCTION imat_catalog.intervals(text, text, text) IS
  'Returns the intervals between the marks of the groups that have the table or sequence, as far '
  'as the caller may read them. The last one may have no end yet.';
