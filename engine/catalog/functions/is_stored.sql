-- It is a function because a subquery in the condition of a view keeps the planner from parallel
-- plans. It runs with the rights of its owner, because readers have no rights on the catalog. A
-- dump has the stored table as it was, and the frontier without its OID.
CREATE OR REPLACE FUNCTION imat_catalog.is_stored(imat integer, stored oid,
  name text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
AS $$
BEGIN
  PERFORM FROM imat_catalog.frontier f WHERE f.imat_id OPERATOR(pg_catalog.=) imat
    AND f.state_relation OPERATOR(pg_catalog.=) stored AND f.here;
  IF NOT FOUND AND NOT imat_catalog.is_restoring(name) THEN
    PERFORM imat_catalog.no_frontier(name);
  END IF;
  RETURN true;
END $$;

COMMENT ON FUNCTION imat_catalog.is_stored(integer, oid, text) IS
  'Returns true if the table is the one that the reader''s snapshot knows as the stored table '
  'of the imat; raises an error otherwise. A view evaluates it once for each read.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.is_stored(integer, oid, text) TO PUBLIC;
