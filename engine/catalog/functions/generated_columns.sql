-- SET EXPRESSION writes the file of a table anew, DROP EXPRESSION leaves it as it is. A table that
-- has partitions has the files of all of these. They are asked for only where there is such a
-- column, or was one. In PL/pgSQL, which keeps its plans: each fold asks.
CREATE OR REPLACE FUNCTION imat_catalog.generated_columns(imat integer, relation oid) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  expressions text;
BEGIN
  SELECT coalesce(string_agg(a.attnum || ':' || md5(e.adbin::text), ' ' ORDER BY a.attnum), '')
    INTO expressions
    FROM pg_attribute a JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
      LEFT JOIN imat_catalog.imat_source z
        ON z.imat_id = imat AND z.relation = generated_columns.relation
    WHERE a.attrelid = generated_columns.relation AND a.attgenerated <> ''
      AND a.attnum = ANY (coalesce(z.columns, ARRAY[a.attnum]));
  IF expressions = '' AND NOT EXISTS (
    SELECT FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = 'pg_class'::regclass
      AND f.object = generated_columns.relation AND f.facts->>'generated' <> ''
  ) THEN
    RETURN '{"generated": ""}';
  END IF;
  RETURN jsonb_build_object('generated', expressions,
    'generated_files', imat_catalog.written_columns(relation)->'files');
END $$;

COMMENT ON FUNCTION imat_catalog.generated_columns(integer, oid) IS
  'Returns the expressions of the generated columns of a table that an imat reads, by column, and '
  'where it has any, or had when that was noted, which files the rows are in.';
