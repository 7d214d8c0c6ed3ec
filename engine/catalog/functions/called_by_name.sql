-- Whatever looks like a call counts, in any language, and so does an operator, or a function of a
-- row in the notation of a column (r.f). IN, BETWEEN, CASE and LIKE call operators that no text
-- names. Casts need no text at all, but values of their types.
CREATE OR REPLACE FUNCTION imat_catalog.called_by_name(function oid, schemas name[])
RETURNS TABLE (class oid, object oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH body AS MATERIALIZED (
    SELECT p.prosrc AS code, p.provolatile = 'i' AS is_immutable,
      p.prorettype || p.proargtypes::oid[] || p.proallargtypes AS types
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.oid = called_by_name.function AND p.prosqlbody IS NULL
      AND l.lanname NOT IN ('c', 'internal')
  ), words AS MATERIALIZED (
    SELECT w.* FROM body b, imat_catalog.words_in(b.code) w
  ), path AS MATERIALIZED (
    SELECT CASE WHEN cardinality(schemas) > 0
      THEN schemas || ARRAY(SELECT w.word FROM words w) END AS schemas
  ), places AS MATERIALIZED (
    SELECT n.oid AS schema FROM pg_namespace n, path t
    WHERE imat_catalog.is_within(n.nspname, t.schemas)
  ), named AS MATERIALIZED (
    SELECT 'pg_proc'::regclass::oid AS class, o.oid AS object,
      o.prorettype || o.proargtypes::oid[] || o.proallargtypes AS types
    FROM words w JOIN pg_proc o ON o.proname = w.word JOIN places p ON p.schema = o.pronamespace
    WHERE o.oid >= 16384 AND (w.is_called OR o.pronargs = 1 AND EXISTS (
      SELECT FROM pg_type y WHERE y.oid = o.proargtypes[0] AND y.typtype IN ('c', 'd', 'p')))
    UNION ALL
    SELECT 'pg_operator'::regclass, o.oid, ARRAY[o.oprresult]
    FROM body b, pg_operator o JOIN places p ON p.schema = o.oprnamespace
    WHERE o.oid >= 16384 AND (strpos(b.code, o.oprname::text) > 0
      OR o.oprname ~ E'^([<>]|[<>]?=|<>|!?~~?\\*?)$')
    UNION ALL
    SELECT 'pg_type'::regclass, y.oid, ARRAY[y.oid]
    FROM words w JOIN pg_type y ON y.typname = w.word JOIN places p ON p.schema = y.typnamespace
      CROSS JOIN body b LEFT JOIN pg_class c ON c.oid = y.typrelid
    -- A function that reads a table names it as well, and says that it is not immutable.
    WHERE y.oid >= 16384 AND (c.relkind IS NULL OR c.relkind = 'c' OR b.is_immutable)
  ), present AS MATERIALIZED (
    SELECT imat_catalog.types_within(ARRAY(
      SELECT unnest(b.types) FROM body b UNION SELECT unnest(n.types) FROM named n)) AS type
  )
  SELECT n.class, n.object FROM named n
  UNION ALL
  SELECT 'pg_cast'::regclass, c.oid
  FROM pg_cast c LEFT JOIN pg_proc f ON f.oid = c.castfunc
    LEFT JOIN pg_language l ON l.oid = f.prolang
  -- A range type has one of its own.
  WHERE c.oid >= 16384 AND l.lanname IS DISTINCT FROM 'internal' AND EXISTS (SELECT FROM body)
    AND (c.castsource < 16384 OR c.castsource IN (SELECT p.type FROM present p))
    AND (c.casttarget < 16384 OR c.casttarget IN (SELECT p.type FROM present p))
$$;

COMMENT ON FUNCTION imat_catalog.called_by_name(oid, name[]) IS
  'Returns the functions, operators, casts and types, none of them PostgreSQL''s own, that a body '
  'in quotes may use. schemas: where names without a schema are found (path_within).';
