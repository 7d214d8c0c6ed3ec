CREATE OR REPLACE FUNCTION imat_catalog.watched_enums(imat integer) RETURNS oid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY(
    SELECT t.typelem
    FROM imat_catalog.imat i JOIN pg_attribute a ON a.attrelid = i.labels
      JOIN pg_type t ON t.oid = a.atttypid
    WHERE i.id = imat AND a.attname LIKE 'values%' AND NOT a.attisdropped)
$$;

COMMENT ON FUNCTION imat_catalog.watched_enums(integer) IS
  'Returns the enums whose labels are kept beside what an imat has stored.';
