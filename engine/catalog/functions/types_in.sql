-- A join lists all columns of its tables, whether they are read or not. Of rows that are counted
-- without DISTINCT nothing is looked at.
CREATE OR REPLACE FUNCTION imat_catalog.types_in(tree text) RETURNS SETOF oid
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m[1]::oid
  FROM regexp_replace(tree, ':joinaliasvars .*? :joinleftcols', '', 'g') AS used,
    regexp_replace(used, E':aggfnoid 2147 [^{}]*'
      '\\{TARGETENTRY :expr \\{VAR :varno \\d+ :varattno 0 :vartype \\d+'
      '(?=[^{}]*\\} :resno 1 :resname <> :ressortgroupref 0 )', '', 'g') AS looked_at,
    regexp_matches(looked_at, E'type(?:id)? (\\d{5,})', 'g') AS m
$$;

COMMENT ON FUNCTION imat_catalog.types_in(text) IS
  'Returns the types of the values in a stored tree, except PostgreSQL''s own.';
