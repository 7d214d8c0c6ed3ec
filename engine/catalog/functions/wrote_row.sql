-- What a savepoint, or a block with EXCEPTION, wrote has an id of its own, and the commit time of
-- the whole transaction.
CREATE OR REPLACE FUNCTION imat_catalog.wrote_row(id xid8, made_by xid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT id = imat_catalog.full_xid(made_by)
    OR (id = imat_catalog.full_xid(id::xid)
      AND imat_catalog.commit_time(id::xid) = imat_catalog.commit_time(made_by))
$$;

COMMENT ON FUNCTION imat_catalog.wrote_row(xid8, xid) IS
  'Returns true if a transaction that changed an object''s schema wrote a row of PostgreSQL''s '
  'catalog about it, itself or in a subtransaction.';
