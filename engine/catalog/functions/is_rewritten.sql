-- Only a transaction that keeps its snapshot can have one that is older than the file.
CREATE OR REPLACE FUNCTION imat_catalog.is_rewritten(sources regclass[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog
AS $$
BEGIN
  -- pg_class is read by the snapshot, the function looks at what is there now.
  RETURN current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
    AND EXISTS (
      SELECT FROM pg_class c WHERE c.oid = ANY (sources)
        AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid));
END $$;

COMMENT ON FUNCTION imat_catalog.is_rewritten(regclass[]) IS
  'Returns true if one of the tables was truncated or rewritten after the reader''s snapshot was '
  'taken: PostgreSQL reads it as empty then.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.is_rewritten(regclass[]) TO PUBLIC;
