-- $user is the role that runs it. What others have in schemas for temporary objects nobody finds.
-- Without a subquery, so that it is inlined.
CREATE OR REPLACE FUNCTION imat_catalog.is_within(schema name, schemas name[]) RETURNS boolean
LANGUAGE sql STABLE
RETURN schema NOT IN ('imat', 'imat_catalog', 'imat_store') AND schema !~ '^pg_(toast|temp)'
  AND (schemas IS NULL OR schema = ANY (schemas)
    OR '$user' = ANY (schemas) AND to_regrole(quote_ident(schema)) IS NOT NULL);

COMMENT ON FUNCTION imat_catalog.is_within(name, name[]) IS
  'Returns true if what a schema has can be found in one of the schemas given, or NULL for any.';
