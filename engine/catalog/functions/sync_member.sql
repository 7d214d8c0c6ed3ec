-- The lock keeps the table in its group, and waits for whoever takes it out (end_members):
-- otherwise a table whose counting has ended meanwhile would get its triggers back for good.
CREATE OR REPLACE FUNCTION imat_catalog.sync_member(member integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass;
  part regclass;
  counted integer;
BEGIN
  PERFORM FROM imat_catalog.member m
    WHERE m.id = member AND m.kind = 'table' AND m.to_id IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT c.oid INTO source FROM imat_catalog.member m
    JOIN pg_catalog.pg_class c ON c.oid = m.relation
    WHERE m.id = member;
  FOR counted IN
    SELECT p.counted_id FROM imat_catalog.member_part p
      JOIN imat_catalog.counted c ON c.id = p.counted_id
    WHERE p.member_id = member AND c.relation IS NOT NULL AND c.relation IS DISTINCT FROM source
      AND NOT EXISTS (SELECT FROM pg_partition_tree(source) t WHERE t.relid = c.relation)
    ORDER BY 1
  LOOP
    PERFORM imat_catalog.leave(member, counted);
  END LOOP;
  IF source IS NULL THEN RETURN; END IF;
  FOR part IN
    SELECT t.relid FROM pg_partition_tree(source) t
      JOIN pg_catalog.pg_class c ON c.oid = t.relid
    WHERE c.relkind IN ('r', 'p')
    UNION
    SELECT source
    ORDER BY 1
  LOOP
    counted := imat_catalog.count_relation(part);
    INSERT INTO imat_catalog.member_part VALUES (member, counted) ON CONFLICT DO NOTHING;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.sync_member(integer) IS
  'Counts a table of a group and the partitions that it has now; partitions that have gone are '
  'counted no more.';
