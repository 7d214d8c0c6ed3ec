CREATE OR REPLACE FUNCTION imat_catalog.row_columns(relation oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(md5(string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod), ','
    ORDER BY a.attnum)), '')
  FROM pg_attribute a WHERE a.attrelid = row_columns.relation AND a.attnum > 0
    AND NOT a.attisdropped
$$;

COMMENT ON FUNCTION imat_catalog.row_columns(oid) IS
  'Returns what a whole row of a table or of a composite type is made of, to compare.';
