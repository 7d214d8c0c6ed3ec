-- It runs with the rights of its owner, because a view calls it for every reader and readers have
-- no rights on the catalog.
CREATE OR REPLACE FUNCTION imat_catalog.arm_without_frontier(name text, arm integer)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SECURITY DEFINER
AS $$
BEGIN
  IF NOT imat_catalog.is_restoring(name) THEN PERFORM imat_catalog.no_frontier(name); END IF;
  RETURN arm;
END $$;

COMMENT ON FUNCTION imat_catalog.arm_without_frontier(text, integer) IS
  'Returns the arm of a view that computes the answer from the sources, if a restore reads it to '
  'populate a materialized view; raises the error of no_frontier otherwise.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.arm_without_frontier(text, integer) TO PUBLIC;
