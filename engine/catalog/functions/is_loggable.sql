-- To log a row and to fold it costs about as much as to compute eight rows anew.
CREATE OR REPLACE FUNCTION imat_store.is_loggable(source regclass, changed bigint) RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT changed * 8 <= imat_store.estimated_rows(source)
$$;

COMMENT ON FUNCTION imat_store.is_loggable(regclass, bigint) IS
  'Returns true if this many changed rows of a table are worth logging; false if to compute the '
  'state of its imats anew is cheaper.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_loggable(regclass, bigint) TO PUBLIC;
