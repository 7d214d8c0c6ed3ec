-- A function of an imat's view asks for it after it has read the tables: it locks them later than
-- the statement takes its snapshot. The same as is_rewritten for transactions that keep theirs,
-- which readers call by themselves: such a routine can call no other one of the catalog.
CREATE OR REPLACE FUNCTION imat_catalog.is_rewritten_meanwhile(imat integer) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RETURN false;
  END IF;
  RETURN EXISTS (
    SELECT FROM (
      SELECT z.relation::oid AS relid FROM imat_catalog.imat_source z WHERE z.imat_id = imat
      UNION
      SELECT i.part FROM imat_catalog.imat_source z, imat_store.inheritors(z.relation) i
      WHERE z.imat_id = imat
    ) p CROSS JOIN LATERAL (
      SELECT FROM pg_class c
      WHERE c.oid = p.relid AND c.relkind IN ('r', 'm')
        AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
      OFFSET 0) c);
END $$;

COMMENT ON FUNCTION imat_catalog.is_rewritten_meanwhile(integer) IS
  'Returns true if a source of the imat, or a part of one, was truncated or rewritten after the '
  'snapshot of a READ COMMITTED statement was taken, which PostgreSQL then reads as empty.';
