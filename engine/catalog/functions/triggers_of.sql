-- A trigger that is disabled and enabled again has another row version: what was written meanwhile
-- was not captured. Others that call the same functions count: they log each row once more. The
-- functions of partitions are those of the root. The list of partitions that
-- is written into them (write_parts) changes without any loss. Of a partition, what else changes
-- its rows without firing triggers is added: read_facts has that of the root.
CREATE OR REPLACE FUNCTION imat_catalog.triggers_of(source oid, relation oid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Each fold asks: to plan it for the array of each call took four times as long as to run it.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  captured oid[];
  list text;
BEGIN
  SELECT source || s.parts, CASE WHEN s.parts IS NULL THEN '^$' ELSE 'has_parts[(].*?END IF;' END
    INTO captured, list FROM imat_catalog.source s WHERE s.relation = source;
  RETURN (
    SELECT jsonb_object_agg(c.oid, concat_ws(' ', (
        SELECT string_agg(concat_ws(':', t.tgname, t.tgenabled, t.tgfoid, t.xmin,
            CASE WHEN c.oid = source THEN md5(regexp_replace(p.prosrc, list, '')) END), ' '
          ORDER BY t.tgname)
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid
          AND (t.tgfoid IN (
              SELECT o.tgfoid FROM pg_trigger o
                JOIN imat_catalog.capture_triggers(source, c.oid) n ON n.name = o.tgname
              WHERE o.tgrelid = c.oid)
            OR t.tgname = '!imat_merge' AND c.oid = source)
      ), CASE WHEN imat_catalog.is_unfit(source, c.oid) THEN 'unfit' END, (
        SELECT string_agg(a.attname || ':' || md5(pg_get_expr(e.adbin, c.oid)), ' '
          ORDER BY a.attname)
        FROM pg_attribute a JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
          LEFT JOIN pg_attribute r ON r.attrelid = source AND r.attname = a.attname
          LEFT JOIN pg_attrdef o ON o.adrelid = r.attrelid AND o.adnum = r.attnum
        WHERE a.attrelid = c.oid AND c.oid <> source AND a.attgenerated <> ''
          AND pg_get_expr(e.adbin, c.oid) IS DISTINCT FROM pg_get_expr(o.adbin, source)
      )))
    FROM pg_class c WHERE c.oid = ANY (captured) AND c.oid = coalesce(relation, c.oid));
END $$;

COMMENT ON FUNCTION imat_catalog.triggers_of(oid, oid) IS
  'Returns the capture triggers of a source and of its captured partitions, to compare: of each '
  'table that is there, which function each calls, whether it is enabled, and its version. '
  'relation: one of these tables, or NULL for all.';
