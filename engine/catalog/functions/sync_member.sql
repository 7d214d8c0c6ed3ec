-- The lock keeps the table in its group, and waits for whoever takes it out (end_members):
-- otherwise a table whose counting has ended meanwhile would get its triggers back for good.
--
-- A partition that another group counted before it came is counted under another id from now on:
-- what it had counted until then is not this table's. A table that has just joined a group needs no
-- such thing, because its first moment tells.
CREATE OR REPLACE FUNCTION imat_catalog.sync_member(member integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass;
  leaving integer[];
  arriving integer[];
BEGIN
  PERFORM FROM imat_catalog.member m
    WHERE m.id = member AND m.kind = 'table' AND m.to_id IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT c.oid INTO source FROM imat_catalog.member m
    JOIN pg_catalog.pg_class c ON c.oid = m.relation
    WHERE m.id = member;
  PERFORM FROM imat_catalog.counted c
  WHERE c.id IN (SELECT p.counted_id FROM imat_catalog.member_part p WHERE p.member_id = member)
  ORDER BY c.relation FOR UPDATE;
  leaving := ARRAY(
    SELECT p.counted_id FROM imat_catalog.member_part p
      JOIN imat_catalog.counted c ON c.id = p.counted_id
    WHERE p.member_id = member AND c.relation IS NOT NULL
      AND NOT EXISTS (SELECT FROM imat_catalog.tables_of(source) t WHERE t.relid = c.relation)
    ORDER BY 1);
  arriving := ARRAY(
    SELECT c.id FROM imat_catalog.tables_of(source) t
      JOIN imat_catalog.counted c ON c.relation = t.relid
    WHERE EXISTS (SELECT FROM imat_catalog.member_part p WHERE p.member_id = member)
      AND NOT EXISTS (SELECT FROM imat_catalog.member_part p
        WHERE p.member_id = member AND p.counted_id = c.id)
    ORDER BY c.relation FOR UPDATE OF c);
  -- Once their writers have ended, their counters are there to be seen, but for an older snapshot.
  PERFORM imat_catalog.lock_tables(ARRAY(SELECT n.relation FROM imat_catalog.counted n
    WHERE n.id = ANY (arriving)), 'SHARE ROW EXCLUSIVE');
  arriving := ARRAY(
    SELECT u.id FROM unnest(arriving) WITH ORDINALITY u(id, place)
    WHERE current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
      OR EXISTS (SELECT FROM imat_catalog.change_count c WHERE c.counted_id = u.id)
    ORDER BY u.place);
  PERFORM imat_catalog.lock_tables(ARRAY(SELECT c.oid FROM imat_catalog.counted n
    JOIN pg_catalog.pg_class c ON c.oid = n.relation WHERE n.id = ANY (leaving || arriving)),
    'ACCESS EXCLUSIVE');
  PERFORM imat_catalog.leave(member, u.id) FROM unnest(leaving || arriving) u(id);
  IF source IS NULL THEN RETURN; END IF;
  PERFORM imat_catalog.count_trees(ARRAY[source::oid]);
  INSERT INTO imat_catalog.member_part
  SELECT member, n.id FROM imat_catalog.tables_of(source) t
    JOIN imat_catalog.counted n ON n.relation = t.relid
  ON CONFLICT DO NOTHING;
END $$;

COMMENT ON FUNCTION imat_catalog.sync_member(integer) IS
  'Counts a table of a group and the partitions that it has now; partitions that have gone are '
  'counted no more. Raises lock_not_available if they cannot be locked at once.';
