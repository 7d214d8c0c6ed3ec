-- PostgreSQL writes the OID of a relation that was dropped meanwhile in place of its name. In a
-- statement that would be a syntax error.
CREATE OR REPLACE FUNCTION imat_catalog.required_name(relation regclass) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := relation::text;
BEGIN
  IF name = relation::oid::text THEN
    RAISE undefined_table
      USING MESSAGE = format('the relation with OID %s was dropped', name), HINT = 'Try again.';
  END IF;
  RETURN name;
END $$;

COMMENT ON FUNCTION imat_catalog.required_name(regclass) IS
  'Returns the qualified name of a relation as SQL. Raises undefined_table if it was dropped.';
