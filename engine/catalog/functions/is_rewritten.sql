-- Only a transaction that keeps its snapshot can have one that is older than the file. pg_class is
-- read by the snapshot, pg_relation_filenode looks at what is there now. Live reads ask for it, so
-- each table is looked up by its OID (OFFSET 0), and pg_class not read as a whole.
CREATE OR REPLACE FUNCTION imat_catalog.is_rewritten(sources regclass[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
    RETURN false;
  END IF;
  RETURN EXISTS (
    WITH RECURSIVE tree AS (
      SELECT u.source::oid AS relid FROM unnest(sources) u(source)
      UNION
      SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relid
    )
    SELECT FROM (
      SELECT t.relid FROM tree t
      UNION
      SELECT t.relid FROM unnest(sources) u(source), pg_partition_tree(u.source) t
    ) p CROSS JOIN LATERAL (
      SELECT FROM pg_class c
      WHERE c.oid = p.relid AND c.relkind IN ('r', 'm')
        AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
      OFFSET 0) c);
END $$;

COMMENT ON FUNCTION imat_catalog.is_rewritten(regclass[]) IS
  'Returns true if one of the tables, or a part of one, was truncated or rewritten after the '
  'snapshot was taken: PostgreSQL reads it as empty then.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.is_rewritten(regclass[]) TO PUBLIC;
