-- The lock waits for the writers inside. Once a table is locked, its partitions stay the same: so
-- it is asked for them again.
CREATE OR REPLACE FUNCTION imat_catalog.count_trees(roots oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tables oid[];
  missing oid[];
  locked oid[] := '{}';
BEGIN
  LOOP
    tables := ARRAY(SELECT DISTINCT t.relid FROM unnest(roots) r(relation)
        CROSS JOIN LATERAL imat_catalog.tables_of(r.relation) t
        LEFT JOIN pg_catalog.pg_class c ON c.oid = t.relid
      WHERE coalesce(c.relkind IN ('r', 'p'), true) ORDER BY 1);
    -- Before anything is locked: a group that one of them leaves meanwhile is waited for here.
    PERFORM FROM imat_catalog.counted c WHERE c.relation = ANY (tables)
      ORDER BY c.relation FOR UPDATE;
    missing := ARRAY(SELECT u.relation FROM unnest(tables) u(relation)
      WHERE u.relation <> ALL (locked)
        AND NOT EXISTS (SELECT FROM imat_catalog.counted c WHERE c.relation = u.relation));
    EXIT WHEN missing = '{}';
    PERFORM imat_catalog.lock_tables(missing, 'SHARE ROW EXCLUSIVE');
    locked := locked || missing;
  END LOOP;
  PERFORM imat_catalog.count_relation(u.relation) FROM unnest(locked) u(relation);
END $$;

COMMENT ON FUNCTION imat_catalog.count_trees(oid[]) IS
  'Puts counting triggers on tables and all of their partitions. Raises lock_not_available if '
  'they cannot be locked at once.';
