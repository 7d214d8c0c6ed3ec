-- The catalog prints 32 bits of a transaction id. The other 32 are those of the nearest id to the
-- next one that will be given out. Ids below 3 are not those of transactions.
CREATE OR REPLACE FUNCTION imat_catalog.full_xid(id xid) RETURNS xid8
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN f.id >= 3 AND i.id >= 3 THEN f.id::text::xid8 END
  FROM (SELECT full_xid.id::text::bigint AS id,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) i,
    LATERAL (SELECT i.next - 2147483648
      + (i.id - i.next % 4294967296 + 6442450944) % 4294967296 AS id) f
$$;

COMMENT ON FUNCTION imat_catalog.full_xid(xid) IS
  'Returns the 64 bits of a transaction id of the last two thousand million transactions; NULL for '
  'one that is not of a transaction.';
