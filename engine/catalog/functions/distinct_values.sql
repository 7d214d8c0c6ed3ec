-- By the planner's statistics, of columns that the owner may read. The view of an imat calls it,
-- and a view runs functions with the rights of the reader; who may not read the imat gets NULL, and
-- everybody for columns that no view of an imat reads.
CREATE OR REPLACE FUNCTION imat_catalog.distinct_values(imat integer, relation regclass,
  attnum integer) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  place record;
  share real;
BEGIN
  -- The parts have the rows; of a table without any that is the table itself. A live read asks for
  -- this, so nothing here reads a whole catalog: everything is looked up by OIDs.
  SELECT n.nspname, c.relname, a.attname, c.relhassubclass AS inherited,
    CASE WHEN c.relhassubclass THEN
      (SELECT sum((SELECT l.reltuples FROM pg_class l
          WHERE l.oid = u.part AND l.relkind <> 'p' AND l.reltuples > 0))
        FROM (SELECT c.oid UNION SELECT t.part FROM imat_store.inheritors(c.oid) t) u(part))
      WHEN c.reltuples > 0 THEN c.reltuples END AS rows INTO place
  FROM imat_catalog.imat i
    JOIN imat_catalog.imat_source z ON z.imat_id = i.id
    JOIN pg_class c ON c.oid = z.relation
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE i.id = distinct_values.imat AND z.relation = distinct_values.relation
    AND a.attnum = distinct_values.attnum
    AND EXISTS (
      SELECT FROM pg_depend d
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
        AND (
          SELECT v.relnamespace FROM pg_rewrite w JOIN pg_class v ON v.oid = w.ev_class
          WHERE w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        ) = 'imat_store'::regnamespace)
    AND has_table_privilege(session_user, i.relation, 'SELECT');
  -- Conditions on constants reach the indexes below pg_stats, which is a barrier.
  SELECT s.n_distinct INTO share FROM pg_stats s
  WHERE s.schemaname = place.nspname AND s.tablename = place.relname
    AND s.attname = place.attname AND s.inherited = place.inherited AND s.n_distinct <> 0;
  RETURN CASE WHEN share < 0 THEN -share * place.rows ELSE share END;
END $$;

COMMENT ON FUNCTION imat_catalog.distinct_values(integer, regclass, integer) IS
  'Returns how many different values the planner expects in a column of a source; NULL without '
  'statistics.';

GRANT EXECUTE ON FUNCTION imat_catalog.distinct_values(integer, regclass, integer) TO PUBLIC;
