CREATE OR REPLACE FUNCTION imat_catalog.types_within(types oid[]) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE within AS (
    SELECT u.type FROM unnest(types) u(type)
    UNION
    SELECT n.type
    FROM within w JOIN pg_type y ON y.oid = w.type, LATERAL (
      SELECT y.typelem
      UNION ALL
      SELECT y.typbasetype
      UNION ALL
      SELECT r.rngsubtype FROM pg_range r WHERE y.oid IN (r.rngtypid, r.rngmultitypid)
      UNION ALL
      SELECT a.atttypid FROM pg_attribute a
      WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped) n(type)
    WHERE n.type >= 16384
  )
  SELECT w.type FROM within w
$$;

COMMENT ON FUNCTION imat_catalog.types_within(oid[]) IS
  'Returns types and those that they are made of, at any depth, except PostgreSQL''s own.';
