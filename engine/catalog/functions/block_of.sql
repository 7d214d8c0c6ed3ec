-- The body is bound when it is created, so that the planner can inline it under any search_path.
CREATE OR REPLACE FUNCTION imat_catalog.block_of(moment bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN moment / 64 * 64;

COMMENT ON FUNCTION imat_catalog.block_of(bigint) IS
  'Returns the first number of the block of 64 moments that a moment is in.';
