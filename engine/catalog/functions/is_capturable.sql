CREATE OR REPLACE FUNCTION imat_catalog.is_capturable(source oid, part oid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parents oid[];
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class c
    WHERE c.oid = part AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p') THEN
    RETURN false;
  END IF;
  IF has_table_privilege('pg_subscription_rel', 'SELECT')
    AND EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = part) THEN
    RETURN false;
  END IF;
  parents := ARRAY(SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = part);
  -- Mostly there is one, and then there is nothing to look for.
  RETURN cardinality(parents) < 2 OR parents <@ (
    source || ARRAY(SELECT t.part FROM imat_store.inheritors(source) t));
END $$;

COMMENT ON FUNCTION imat_catalog.is_capturable(oid, oid) IS
  'Returns true if every change of a part of a source fires the statement triggers of the source '
  'or of one of its parts.';
