-- engine/catalog/migrate.ts has the same number; a test compares them.
CREATE OR REPLACE FUNCTION imat_catalog.lock_class() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1768776052;

COMMENT ON FUNCTION imat_catalog.lock_class() IS
  'Returns the first key of all advisory locks of imat; the second key is the id of an imat, '
  'or 0 for the catalog itself. Folds and swaps do not depend on them.';
