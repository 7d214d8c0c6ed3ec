-- Whatever looks like a call counts, in any language. An unqualified name is one of the search_path
-- that the function sets: without one, imat runs it where only PostgreSQL's own are found.
CREATE OR REPLACE FUNCTION imat_catalog.called_by_name(function oid) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH body AS (
    SELECT p.prosrc AS code, (
      SELECT substr(c.setting, length('search_path=') + 1) FROM unnest(p.proconfig) c(setting)
      WHERE c.setting LIKE 'search\_path=%') AS path
    FROM pg_proc p WHERE p.oid = called_by_name.function AND p.prosqlbody IS NULL
  ), calls AS (
    SELECT s.schema, m[2] AS name
    FROM body b, LATERAL regexp_matches(b.code,
        '(?:("(?:[^"]|"")+"|[^][:space:]"''().,;:+*/<>=|&!~@#%^?[{}-]+)\s*\.\s*)?'
        '("(?:[^"]|"")+"|[^][:space:]"''().,;:+*/<>=|&!~@#%^?[{}-]+)\s*\(', 'g') m,
      LATERAL (
        SELECT m[1] WHERE m[1] IS NOT NULL
        UNION ALL
        SELECT e[1] FROM regexp_matches(b.path, '"(?:[^"]|"")+"|[^",[:space:]]+', 'g') e
        WHERE m[1] IS NULL
      ) s(schema)
  )
  SELECT DISTINCT o.oid
  FROM calls c JOIN pg_namespace n ON n.nspname = CASE WHEN c.schema LIKE '"%'
      THEN replace(substr(c.schema, 2, length(c.schema) - 2), '""', '"') ELSE lower(c.schema) END
    JOIN pg_proc o ON o.pronamespace = n.oid AND o.proname = CASE WHEN c.name LIKE '"%'
      THEN replace(substr(c.name, 2, length(c.name) - 2), '""', '"') ELSE lower(c.name) END
  WHERE o.oid >= 16384
$$;

COMMENT ON FUNCTION imat_catalog.called_by_name(oid) IS
  'Returns the functions, none of them PostgreSQL''s own, that a body in quotes seems to call.';
