-- Dropping a trigger waits for the writers inside, so the moment after it has all that was counted.
CREATE OR REPLACE FUNCTION imat_catalog.end_members(target imat_catalog.change_group,
  members integer[], mark text, stops boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  leaving integer[];
  ended bigint;
BEGIN
  -- Before anything of them: who follows their partitions meanwhile waits here, with no lock.
  PERFORM FROM imat_catalog.member m WHERE m.id = ANY (members)
  ORDER BY m.id FOR NO KEY UPDATE;
  -- Who adds one of the tables to another group has locked the same rows, in the same order.
  PERFORM FROM imat_catalog.counted c
  WHERE c.id IN (SELECT p.counted_id FROM imat_catalog.member_part p
    WHERE p.member_id = ANY (members))
  ORDER BY c.relation FOR UPDATE;
  leaving := ARRAY(
    SELECT DISTINCT p.counted_id FROM imat_catalog.member_part p
      JOIN imat_catalog.counted c ON c.id = p.counted_id
    WHERE p.member_id = ANY (members) AND c.relation IS NOT NULL
      AND NOT EXISTS (SELECT FROM imat_catalog.member_part o
        JOIN imat_catalog.member m ON m.id = o.member_id
        WHERE o.counted_id = p.counted_id AND m.to_id IS NULL AND m.id <> ALL (members))
    ORDER BY 1);
  PERFORM imat_catalog.lock_tables(ARRAY(SELECT c.oid FROM imat_catalog.counted n
    JOIN pg_catalog.pg_class c ON c.oid = n.relation WHERE n.id = ANY (leaving)),
    'ACCESS EXCLUSIVE');
  PERFORM imat_catalog.uncount(u.id) FROM unnest(leaving) u(id);
  ended := imat_catalog.add_moment(target.id, mark, true, stops);
  UPDATE imat_catalog.member m SET to_id = ended WHERE m.id = ANY (members);
END $$;

COMMENT ON FUNCTION imat_catalog.end_members(imat_catalog.change_group, integer[], text, boolean) IS
  'Ends the counting of tables and sequences for a group with a mark.';
