CREATE OR REPLACE FUNCTION imat_catalog.takes_others(class oid, object oid, value_types oid[])
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taken oid[];
BEGIN
  IF class = 'pg_proc'::regclass THEN
    SELECT p.proargtypes::oid[] INTO taken FROM pg_proc p
    WHERE p.oid = object AND EXISTS (
      SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.oid < 16384);
  ELSIF class = 'pg_operator'::regclass THEN
    SELECT ARRAY[p.oprleft, p.oprright] INTO taken FROM pg_operator p
    WHERE p.oid = object AND EXISTS (
      SELECT FROM pg_operator o WHERE o.oprname = p.oprname AND o.oid < 16384);
  END IF;
  RETURN EXISTS (
    SELECT FROM unnest(taken) t(type) JOIN pg_type y ON y.oid = t.type
    WHERE y.oid >= 16384 AND y.typtype NOT IN ('c', 'd')
      AND y.oid <> ALL (value_types) AND y.typelem <> ALL (value_types)
      AND NOT EXISTS (
        SELECT FROM pg_cast c
        WHERE c.casttarget IN (y.oid, y.typelem) AND c.castcontext = 'i'
          AND (c.castsource < 16384 OR c.castsource = ANY (value_types))));
END $$;

COMMENT ON FUNCTION imat_catalog.takes_others(oid, oid, oid[]) IS
  'Returns true if a function or an operator has the name of one of PostgreSQL''s own and takes a '
  'type that no value becomes which is of PostgreSQL''s own types or of those given.';
