CREATE OR REPLACE FUNCTION imat_catalog.called_name(class oid, object oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  SELECT CASE class WHEN 'pg_proc'::regclass THEN object::regprocedure::text
    WHEN 'pg_operator'::regclass THEN object::regoperator::text
    WHEN 'pg_type'::regclass THEN format_type(object, NULL)
    -- A cast has none.
    ELSE object::text END
$$;

COMMENT ON FUNCTION imat_catalog.called_name(oid, oid) IS
  'Returns the name by which a body in quotes finds a function, an operator or a type.';
