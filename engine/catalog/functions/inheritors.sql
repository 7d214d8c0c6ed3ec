-- Tables of other sessions' temporary schemas are read by nobody else. Live reads ask for it, so
-- each table is looked up by its OID, and pg_class not read as a whole.
CREATE OR REPLACE FUNCTION imat_store.inheritors(source regclass)
RETURNS TABLE (parent oid, part oid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE tree AS (
    SELECT i.inhparent, i.inhrelid FROM pg_inherits i
    WHERE i.inhparent = source AND NOT i.inhdetachpending
    UNION
    SELECT i.inhparent, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.inhrelid
    WHERE NOT i.inhdetachpending
  )
  SELECT t.inhparent, t.inhrelid FROM tree t
  WHERE (SELECT c.relpersistence = 't' AND pg_is_other_temp_schema(c.relnamespace)
    FROM pg_class c WHERE c.oid = t.inhrelid) IS NOT TRUE
$$;

COMMENT ON FUNCTION imat_store.inheritors(regclass) IS
  'Returns the partitions of a table, or the tables that inherit from it, at every level, each '
  'with each of its parents, as the snapshot shows them. It locks nothing.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.inheritors(regclass) TO PUBLIC;
