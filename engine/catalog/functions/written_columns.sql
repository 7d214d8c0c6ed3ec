-- ALTER TABLE ... ALTER COLUMN ... TYPE ... USING writes both a row of pg_attribute and the file of
-- the table. Either changes alone by commands that keep all values: SET STATISTICS, VACUUM FULL.
-- Within a transaction, the place of the row tells its versions apart.
CREATE OR REPLACE FUNCTION imat_catalog.written_columns(relation oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
    'columns', (
      SELECT md5(string_agg(concat_ws(' ', a.attnum, a.xmin, a.ctid), ',' ORDER BY a.attnum))
      FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0),
    'files', (
      SELECT md5(string_agg(f.relfilenode::text, ',' ORDER BY f.oid)) FROM pg_class f
      WHERE f.oid IN (
        SELECT relation UNION ALL SELECT i.part FROM imat_store.inheritors(relation) i)))
  FROM pg_class c WHERE c.oid = relation AND c.relkind IN ('r', 'p')
$$;

COMMENT ON FUNCTION imat_catalog.written_columns(oid) IS
  'Returns what tells whether the values of a table''s columns have been written anew: if both '
  'parts differ, they may have been. NULL for anything but a table.';
