-- VOLATILE, so that READ COMMITTED looks at what is committed now: what calls it may be part of a
-- plan, and run under the snapshot of a statement that began before the detachment.
CREATE OR REPLACE FUNCTION imat_store.is_detaching(parents oid[], parts oid[]) RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_inherits i
    WHERE i.inhdetachpending AND i.inhparent = ANY (parents) AND i.inhrelid <> ALL (parts))
$$;

COMMENT ON FUNCTION imat_store.is_detaching(oid[], oid[]) IS
  'Returns true if a partition of one of these tables is being detached concurrently, other than '
  'parts.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.is_detaching(oid[], oid[]) TO PUBLIC;
