-- To log a row and to fold it costs about as much as to compute eight rows anew. A table that was
-- never analyzed is taken to have 100 rows on a page.
CREATE OR REPLACE FUNCTION imat_store.is_loggable(source regclass, changed bigint) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT changed * 8 <= pg_relation_size(c.oid) / current_setting('block_size')::integer
    * CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 100 END
  FROM pg_class c WHERE c.oid = source
$$;

COMMENT ON FUNCTION imat_store.is_loggable(regclass, bigint) IS
  'Returns true if this many changed rows of a table are worth logging; false if to compute the '
  'state of its imats anew is cheaper.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_loggable(regclass, bigint) TO PUBLIC;
