-- By the numbers that the columns have in both tables, since names can change hands. A column that
-- is dropped and added again has another number.
CREATE OR REPLACE FUNCTION imat_catalog.part_file(source oid, part oid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object('file', c.relfilenode, 'columns', (
    SELECT jsonb_object_agg(r.attnum, a.attnum)
    FROM pg_attribute r JOIN pg_attribute a ON a.attrelid = part AND a.attname = r.attname
    WHERE r.attrelid = source AND r.attnum > 0 AND NOT r.attisdropped))
  FROM pg_class c WHERE c.oid = part
$$;

COMMENT ON FUNCTION imat_catalog.part_file(oid, oid) IS
  'Returns which file the rows of a part of a source are in, and which of its columns stand for '
  'those of the source.';
