-- A trigger that the snapshot does not see has come since: so it is not one of a restored database.
CREATE OR REPLACE FUNCTION imat_store.is_root(source regclass, fired regclass) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT fired IS NULL OR EXISTS (
    SELECT FROM pg_trigger r JOIN pg_trigger f USING (tgfoid)
    WHERE r.tgrelid = source AND f.tgrelid = fired AND NOT f.tgisinternal)
    OR NOT EXISTS (
      SELECT FROM pg_trigger f JOIN pg_proc p ON p.oid = f.tgfoid
      WHERE f.tgrelid = fired AND NOT f.tgisinternal
        AND strpos(p.prosrc, format('is_root(%L::pg_catalog.regclass', source::oid)) > 0)
$$;

COMMENT ON FUNCTION imat_store.is_root(regclass, regclass) IS
  'Returns true if one function captures both tables, or if the snapshot is older than capture.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_root(regclass, regclass) TO PUBLIC;
