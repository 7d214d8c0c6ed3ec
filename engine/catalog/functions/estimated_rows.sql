-- A table that was never analyzed is taken to have 100 rows on a page. For an estimate, partitions
-- as the snapshot has them will do. A live read may ask for it, so it is in PL/pgSQL, which plans
-- it once a session. OFFSET 0 has each part looked up by its OID: the planner expects more parts
-- than there are, and would read all of pg_class.
CREATE OR REPLACE FUNCTION imat_store.estimated_rows(source regclass) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (
    WITH RECURSIVE tree AS (
      SELECT source::oid AS part
      UNION ALL
      SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.part
    )
    SELECT coalesce(sum(p.rows), 0)::bigint
    FROM tree t CROSS JOIN LATERAL (
      SELECT pg_relation_size(c.oid) / current_setting('block_size')::integer
        * CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 100 END
        AS rows
      FROM pg_class c WHERE c.oid = t.part AND c.relkind = 'r'
      OFFSET 0) p);
END $$;

COMMENT ON FUNCTION imat_store.estimated_rows(regclass) IS
  'Returns about how many rows a table has, its partitions included.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.estimated_rows(regclass) TO PUBLIC;
