-- A name that nothing had in a place where it is no call was no name of a type, and is none later.
-- By the session's search_path imat itself finds PostgreSQL's own objects alone, so in such a body
-- all other names have a schema.
CREATE OR REPLACE FUNCTION imat_catalog.names_in_body(function oid, schemas name[])
RETURNS TABLE (found_in name[], functions name[], operators name[], types name[],
  value_types oid[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH body AS MATERIALIZED (
    SELECT p.prosrc AS code, p.prorettype || p.proargtypes::oid[] || p.proallargtypes AS types
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.oid = names_in_body.function AND p.prosqlbody IS NULL
      AND l.lanname NOT IN ('c', 'internal')
  ), words AS MATERIALIZED (
    SELECT w.* FROM body b, imat_catalog.words_in(b.code) w
  ), names AS MATERIALIZED (
    -- A type can be called as well: uuid(x).
    SELECT 'pg_proc'::regclass AS class, w.word AS name, EXISTS (
      SELECT FROM pg_proc p
      WHERE p.proname = w.word AND p.pronamespace = 'pg_catalog'::regnamespace) OR EXISTS (
      SELECT FROM pg_type y
      WHERE y.typname = w.word AND y.typnamespace = 'pg_catalog'::regnamespace) AS is_own
    -- And a function in the notation of a column: r.f.
    FROM words w WHERE w.is_called OR EXISTS (
      SELECT FROM pg_proc p JOIN pg_type y ON y.oid = p.proargtypes[0]
      WHERE p.proname = w.word AND p.pronargs = 1 AND y.typtype IN ('c', 'd', 'p'))
    UNION ALL
    SELECT 'pg_type'::regclass, t.name, bool_or(t.schema = 'pg_catalog'::regnamespace)
    FROM words w, LATERAL (
      SELECT y.typname, y.typnamespace FROM pg_type y WHERE y.typname = w.word
      UNION ALL
      SELECT c.collname, c.collnamespace FROM pg_collation c WHERE c.collname = w.word
      UNION ALL
      SELECT c.cfgname, c.cfgnamespace FROM pg_ts_config c WHERE c.cfgname = w.word
    ) t(name, schema) GROUP BY t.name
    UNION ALL
    SELECT 'pg_operator'::regclass, o.name, EXISTS (
      SELECT FROM pg_operator p
      WHERE p.oprname = o.name AND p.oprnamespace = 'pg_catalog'::regnamespace)
    FROM (
      -- IN, BETWEEN, CASE and LIKE call operators that no text names.
      SELECT unnest('{<,>,=,<=,>=,<>,~~,~~*,!~~,!~~*,~,!~}'::name[])
      UNION
      -- Its end can be a comment's beginning, and its beginning a comment's end.
      SELECT substr(r.run, s.at, l.length)::name
      FROM body b, regexp_matches(b.code, '[-+*/<>=~!@#%^&|`?]+', 'g') m,
        LATERAL (SELECT left(m[1], 63) UNION SELECT right(m[1], 63)) r(run),
        generate_series(1, length(r.run)) s(at),
        generate_series(1, length(r.run) - s.at + 1) l(length)
    ) o(name)
  ), used AS MATERIALIZED (
    SELECT imat_catalog.types_within(ARRAY(
      SELECT unnest(b.types) FROM body b
      UNION
      SELECT y.oid FROM names n JOIN pg_type y ON y.typname = n.name
      WHERE n.class = 'pg_type'::regclass
      UNION
      SELECT unnest(p.prorettype || p.proargtypes::oid[] || p.proallargtypes)
      FROM names n JOIN pg_proc p ON p.proname = n.name WHERE n.class = 'pg_proc'::regclass
      UNION
      SELECT o.oprresult FROM names n JOIN pg_operator o ON o.oprname = n.name
      WHERE n.class = 'pg_operator'::regclass
    )) AS type
  )
  SELECT CASE WHEN schemas <> '{}' OR NOT k.is_own
      THEN schemas || ARRAY(SELECT w.word FROM words w) END,
    coalesce(array_agg(n.name) FILTER (WHERE n.class = 'pg_proc'::regclass), '{}'),
    coalesce(array_agg(n.name) FILTER (WHERE n.class = 'pg_operator'::regclass), '{}'),
    coalesce(array_agg(n.name) FILTER (WHERE n.class = 'pg_type'::regclass), '{}'),
    ARRAY(SELECT u.type FROM used u WHERE u.type >= 16384)
  FROM body CROSS JOIN unnest(CASE WHEN schemas = '{}' THEN '{t,f}' ELSE ARRAY[NULL::boolean] END)
      k(is_own)
    JOIN names n ON n.is_own = coalesce(k.is_own, n.is_own)
  GROUP BY k.is_own
$$;

COMMENT ON FUNCTION imat_catalog.names_in_body(oid, name[]) IS
  'Returns the names that a body in quotes may look up of functions, operators and types (with '
  'them, of collations and text search configurations), where it finds them, and the types of its '
  'values, except PostgreSQL''s own. schemas: where names without a schema are found '
  '(path_within).';
