-- engine/catalog/migrate.ts has the same number; a test compares them.
CREATE OR REPLACE FUNCTION imat_catalog.lock_class() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1768776052;

COMMENT ON FUNCTION imat_catalog.lock_class() IS
  'Returns the first key of all advisory locks of imat but those of sources; the second key is the '
  'id of an imat, 0 for the catalog itself, -1 for counters, -2 for the comparison of schemas, -3 '
  'for the names of E-Maj. Folds and swaps do not depend on them.';
