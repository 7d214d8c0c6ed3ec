-- To print a view, PostgreSQL locks it and what it reads, and keeps the locks. Whoever has locked
-- such a table may wait for the view, or for what the caller has locked: the caller can be the DDL
-- of a user. So this waits for nobody, and a subtransaction that is rolled back releases the locks.
CREATE OR REPLACE FUNCTION imat_catalog.printed_view(view oid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
DECLARE
  printed text;
BEGIN
  printed := pg_get_viewdef(view);
  RAISE raise_exception;
EXCEPTION WHEN raise_exception THEN
  RETURN printed;
END $$;

COMMENT ON FUNCTION imat_catalog.printed_view(oid) IS
  'Returns the query of a view, and keeps no lock. Raises lock_not_available if another session '
  'has locked a table that the view reads.';
