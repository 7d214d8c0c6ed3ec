-- To log a row and to fold it costs about as much as to compute eight rows anew. The size of a
-- partition that another session has locked cannot be asked for without waiting.
CREATE OR REPLACE FUNCTION imat_store.is_loggable(source regclass, changed bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
BEGIN
  RETURN CASE WHEN imat_store.is_locked(source, true) THEN true
    ELSE changed * 8 <= imat_store.estimated_rows(source) END;
EXCEPTION WHEN lock_not_available THEN
  RETURN true;
END $$;

COMMENT ON FUNCTION imat_store.is_loggable(regclass, bigint) IS
  'Returns true if this many changed rows of a table are worth logging; false if to compute the '
  'state of its imats anew is cheaper.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_loggable(regclass, bigint) TO PUBLIC;
