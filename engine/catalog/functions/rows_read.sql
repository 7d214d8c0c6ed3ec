-- Of whatever has one of these types as a value, the text, the JSON and the comparisons are made of
-- all its columns. count(t.*) alone, without DISTINCT, looks at none of them. A row of a subquery
-- has no such type.
CREATE OR REPLACE FUNCTION imat_catalog.rows_read(imat integer) RETURNS TABLE (relation oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE types AS (
    SELECT m[1]::oid AS type
    FROM pg_rewrite r,
      -- A join lists all columns of its tables, whether they are read or not.
      LATERAL regexp_replace(r.ev_action::text, ':joinaliasvars .*? :joinleftcols', '', 'g')
        AS used,
      LATERAL regexp_replace(used, ':aggfnoid 2147 [^{}]*'
        '\{TARGETENTRY :expr \{VAR :varno \d+ :varattno 0 :vartype \d+'
        '(?=[^{}]*\} :resno 1 :resname <> :ressortgroupref 0 )', '', 'g') AS tree,
      LATERAL regexp_matches(tree, 'type(?:id)? (\d{5,})', 'g') AS m
    WHERE r.rulename = '_RETURN' AND r.ev_class IN (
      SELECT i.definition_view::oid FROM imat_catalog.imat i WHERE i.id = imat
      UNION ALL
      SELECT f.object FROM imat_catalog.fact f
      WHERE f.imat_id = imat AND f.class = 'pg_class'::regclass)
    UNION
    SELECT n.type
    FROM types t JOIN pg_type y ON y.oid = t.type, LATERAL (
      SELECT y.typelem
      UNION ALL
      SELECT y.typbasetype
      UNION ALL
      SELECT a.atttypid FROM pg_attribute a
      WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped) n(type)
    WHERE n.type >= 16384
  )
  SELECT c.oid FROM types t JOIN pg_type y ON y.oid = t.type JOIN pg_class c ON c.oid = y.typrelid
$$;

COMMENT ON FUNCTION imat_catalog.rows_read(integer) IS
  'Returns the tables, views and composite types of which a definition, or a view in it, has whole '
  'rows as values, at any depth.';
