-- SET EXPRESSION writes the file of a table anew, DROP EXPRESSION leaves it as it is. A table that
-- has partitions has the files of all of these.
CREATE OR REPLACE FUNCTION imat_catalog.generated_columns(imat integer, relation oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
    'generated', (
      SELECT coalesce(string_agg(a.attnum || ':' || md5(e.adbin::text), ' ' ORDER BY a.attnum), '')
      FROM pg_attribute a JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
        LEFT JOIN imat_catalog.imat_source z
          ON z.imat_id = imat AND z.relation = generated_columns.relation
      WHERE a.attrelid = generated_columns.relation AND a.attgenerated <> ''
        AND a.attnum = ANY (coalesce(z.columns, ARRAY[a.attnum]))),
    'generated_files', imat_catalog.written_columns(relation)->'files')
$$;

COMMENT ON FUNCTION imat_catalog.generated_columns(integer, oid) IS
  'Returns the expressions of the generated columns of a table that an imat reads, by column, and '
  'which files the rows are in.';
