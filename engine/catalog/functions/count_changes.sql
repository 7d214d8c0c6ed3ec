-- It runs in every statement that writes a counted table: SET would cost more than the work, and so
-- would HAVING in place of the subquery. The transition table has the same name for all verbs.
CREATE OR REPLACE FUNCTION imat_catalog.count_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
  INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
  SELECT TG_ARGV[0]::pg_catalog.int4, pg_catalog.pg_current_xact_id(), session_user, TG_OP, u.rows
  FROM (SELECT pg_catalog.count(*) FROM changed) u(rows)
  WHERE u.rows OPERATOR(pg_catalog.<>) 0;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.count_changes() IS
  'Trigger: counts the rows that a statement has changed.';

REVOKE ALL ON FUNCTION imat_catalog.count_changes() FROM PUBLIC;
