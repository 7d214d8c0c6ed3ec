-- PostgreSQL goes by the catalogs' caches when it plans, and by the snapshot when pg_inherits is
-- read. Of partitions pg_partition_tree tells what it plans with; of inheritance, only a plan does.
-- A table that the snapshot does not show under its present name is left out, so that the answer
-- differs from any list that was made under that snapshot. So is one that has the name of another
-- table there: regclass prints the name of the moment, as the plan does. Nothing but a plan is
-- made: VOLATILE, since EXPLAIN is not allowed elsewhere.
CREATE OR REPLACE FUNCTION imat_store.planned_parts(source regclass) RETURNS oid[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  plan jsonb;
BEGIN
  IF pg_partition_root(source) IS NOT NULL THEN
    RETURN ARRAY(SELECT t.relid::oid FROM pg_partition_tree(source) t
      WHERE t.relid <> source ORDER BY 1);
  END IF;
  -- NULL of a table that is not there.
  IF has_any_column_privilege(source, 'SELECT') IS NOT TRUE THEN RETURN NULL; END IF;
  IF row_security_active(source) OR has_schema_privilege(
      (SELECT c.relnamespace FROM pg_class c WHERE c.oid = source), 'USAGE') IS NOT TRUE THEN
    RETURN NULL;
  END IF;
  EXECUTE format('EXPLAIN (FORMAT json, VERBOSE, COSTS off) SELECT FROM %s', source) INTO plan;
  RETURN ARRAY(
    SELECT DISTINCT coalesce(c.oid, 0::oid)
    FROM jsonb_path_query(plan, 'strict $.**?(exists(@."Relation Name"))') n(node)
      LEFT JOIN pg_namespace s ON s.nspname = n.node->>'Schema'
      LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.node->>'Relation Name'
        AND c.oid::regclass::text = format('%I.%I', n.node->>'Schema', n.node->>'Relation Name')
    WHERE c.oid IS DISTINCT FROM source ORDER BY 1);
END $$;

COMMENT ON FUNCTION imat_store.planned_parts(regclass) IS
  'Returns the partitions of a table, or the tables that inherit from it, with which PostgreSQL '
  'plans now, whatever the snapshot is; 0 stands for those that the snapshot does not show. NULL '
  'if the role cannot ask. It locks all of them.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.planned_parts(regclass) TO PUBLIC;
