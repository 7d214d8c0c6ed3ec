CREATE OR REPLACE FUNCTION imat_catalog.parts_of_others(imat integer)
RETURNS TABLE (severity text, message text, hint text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT 'warning', format(CASE WHEN p.oid = ANY (s.parts)
        THEN 'table %s, once a part of source %s, belongs to role "%s": role "%s", which owns the '
          'imat, may not end its capture, so folds and swaps fail'
        ELSE 'table %s, a part of source %s, belongs to role "%s": role "%s", which owns the imat, '
          'may not capture it, so folds and swaps fail' END, p.oid::regclass,
      s.relation::regclass, pg_get_userbyid(p.relowner), pg_get_userbyid(d.relowner)),
    format('Run ALTER TABLE %s OWNER TO %I, or GRANT %I TO %2$I.', p.oid::regclass,
      pg_get_userbyid(d.relowner), pg_get_userbyid(p.relowner))
  FROM imat_catalog.imat i JOIN pg_class d ON d.oid = i.definition_view
    JOIN imat_catalog.imat_source z ON z.imat_id = i.id
    JOIN imat_catalog.source s ON s.relation = z.relation AND s.parts IS NOT NULL
    CROSS JOIN LATERAL (
      SELECT coalesce(n.part, o.part) AS part
      FROM (SELECT DISTINCT t.part FROM imat_store.part_tree(s.relation) t) n
        FULL JOIN unnest(s.parts) o(part) ON o.part = n.part
      WHERE n.part IS NULL OR o.part IS NULL) t
    JOIN pg_class p ON p.oid = t.part
  WHERE i.id = imat AND NOT pg_has_role(d.relowner, p.relowner, 'USAGE')
  ORDER BY p.oid LIMIT 1;
END $$;

COMMENT ON FUNCTION imat_catalog.parts_of_others(integer) IS
  'Returns as a problem that the capture of what is or was a part of a source has to begin or end, '
  'and that it belongs to a role whose rights the owner of an imat lacks; no row if there is none.';
