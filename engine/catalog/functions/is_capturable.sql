CREATE OR REPLACE FUNCTION imat_catalog.is_capturable(part oid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class c
    WHERE c.oid = part AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p') THEN
    RETURN false;
  END IF;
  RETURN NOT has_table_privilege('pg_subscription_rel', 'SELECT')
    OR NOT EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = part);
END $$;

COMMENT ON FUNCTION imat_catalog.is_capturable(oid) IS
  'Returns true if every change of a partition fires statement triggers.';
