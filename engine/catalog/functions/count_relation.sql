-- Locking the row of a table that is counted keeps a group that it leaves from dropping its
-- triggers.
CREATE OR REPLACE FUNCTION imat_catalog.count_relation(relation regclass) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  counted integer;
  event text;
BEGIN
  SELECT c.id INTO counted FROM imat_catalog.counted c WHERE c.relation = count_relation.relation
    FOR UPDATE;
  IF FOUND THEN RETURN counted; END IF;
  INSERT INTO imat_catalog.counted (relation_text) VALUES (relation) RETURNING id INTO counted;
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
    -- A partitioned table has no rows of its own that TRUNCATE could remove.
    CONTINUE WHEN event = 'truncate'
      AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = relation) = 'p';
    PERFORM imat_catalog.put_counting(relation, event, counted::text, CASE event
      WHEN 'truncate' THEN 'imat_catalog.count_truncated'::regproc
      ELSE imat_catalog.counting_function() END, false, 'A');
  END LOOP;
  PERFORM imat_catalog.share_counting(relation, true);
  RETURN counted;
END $$;

COMMENT ON FUNCTION imat_catalog.count_relation(regclass) IS
  'Puts counting triggers on a table that has none yet, and returns its id in '
  'imat_catalog.counted. The caller has locked the table if it has none.';
