CREATE OR REPLACE FUNCTION imat_catalog.is_committed(id xid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT id <> '0'::xid
    AND coalesce(
      pg_xact_status((n.now - (((n.now - id::text::bigint) & 4294967295) + 2147483648 & 4294967295)
        + 2147483648)::text::xid8) = 'committed', false)
  FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS now) n
$$;

COMMENT ON FUNCTION imat_catalog.is_committed(xid) IS
  'Returns true if the transaction, given by its 32-bit id and younger than two thousand '
  'million transactions, has committed.';
