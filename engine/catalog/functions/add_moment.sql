-- Marks of a group wait for each other, because the moments of a group must have one order. No
-- writer takes part in that.
CREATE OR REPLACE FUNCTION imat_catalog.add_moment(of_group integer, named text,
  own_before boolean DEFAULT NULL, stops boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  own xid8;
  last imat_catalog.moment;
  taken pg_snapshot;
  made bigint;
BEGIN
  PERFORM imat_catalog.require_read_committed();
  UPDATE imat_catalog.change_group g SET last_moment_id = g.last_moment_id WHERE g.id = of_group;
  own := pg_current_xact_id();
  SELECT o.* INTO last FROM imat_catalog.change_group g
    JOIN imat_catalog.moment o ON o.id = g.last_moment_id WHERE g.id = of_group;
  -- A transaction that was before a mark is before all later ones.
  IF NOT last.is_stop AND pg_visible_in_snapshot(own, last.snapshot) THEN
    own_before := true;
  ELSIF own_before IS NULL THEN
    own_before := EXISTS (
      SELECT FROM imat_catalog.change_count c
        JOIN imat_catalog.member_part p ON p.counted_id = c.counted_id
        JOIN imat_catalog.member m ON m.id = p.member_id
      WHERE c.xid = own AND m.group_id = of_group);
  END IF;
  SELECT pg_current_snapshot() INTO taken;
  INSERT INTO imat_catalog.moment (group_id, snapshot, at, mark, is_stop)
    VALUES (of_group, imat_catalog.snapshot_with_own(taken, own, own_before), clock_timestamp(),
      imat_catalog.mark_name(of_group, named), stops)
    RETURNING id INTO made;
  UPDATE imat_catalog.change_group g SET last_moment_id = made WHERE g.id = of_group;
  PERFORM imat_catalog.store_sequence(m.id, made) FROM imat_catalog.member m
    WHERE m.group_id = of_group AND m.kind = 'sequence' AND m.to_id IS NULL;
  RETURN made;
END $$;

COMMENT ON FUNCTION imat_catalog.add_moment(integer, text, boolean, boolean) IS
  'Adds a moment to a group, with a mark if it is named. The changes of this transaction are '
  'before it if own_before is true, after it if that is false; if that is NULL, they are before '
  'it if there are any.';
