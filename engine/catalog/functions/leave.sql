-- If another group counts the table on, its triggers get another id: this one belongs to both.
CREATE OR REPLACE FUNCTION imat_catalog.leave(member integer, counted integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass := (SELECT c.relation FROM imat_catalog.counted c WHERE c.id = counted
    FOR UPDATE);
  others integer[];
  renewed integer;
BEGIN
  others := ARRAY(SELECT m.id FROM imat_catalog.member_part p
    JOIN imat_catalog.member m ON m.id = p.member_id
    WHERE p.counted_id = counted AND m.id <> member AND m.to_id IS NULL
      AND (m.relation = source
        OR EXISTS (SELECT FROM imat_catalog.tables_of(m.relation) t WHERE t.relid = source)));
  PERFORM imat_catalog.uncount(counted);
  IF others = '{}' THEN RETURN; END IF;
  renewed := imat_catalog.count_relation(source);
  INSERT INTO imat_catalog.member_part SELECT o, renewed FROM unnest(others) o;
END $$;

COMMENT ON FUNCTION imat_catalog.leave(integer, integer) IS
  'Ends the counting of a table, which the caller has locked, for one table of a group, which is '
  'itself or was its parent.';
