-- A moment in which a table came or went, or the group was stopped, stays without a name.
CREATE OR REPLACE FUNCTION imat.delete_mark(group_name text, mark text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
  deleted imat_catalog.moment := imat_catalog.find_mark(target, mark);
  former bigint := (SELECT max(o.id) FROM imat_catalog.moment o
    WHERE o.group_id = target.id AND o.id < deleted.id);
BEGIN
  UPDATE imat_catalog.moment o SET mark = NULL, comment = NULL WHERE o.id = deleted.id;
  IF former IS NULL OR deleted.is_stop OR EXISTS (SELECT FROM imat_catalog.member m
    WHERE m.from_id = deleted.id OR m.to_id = deleted.id) THEN RETURN; END IF;
  WITH gone AS (
    DELETE FROM imat_catalog.folded_count f USING imat_catalog.member m
    WHERE m.id = f.member_id AND m.group_id = target.id AND f.span = 0
      AND f.moment_id = deleted.id
    RETURNING f.*
  )
  INSERT INTO imat_catalog.folded_count AS f (member_id, span, moment_id, role, verb, rows)
  SELECT o.member_id, t.span, t.moment_id, o.role, o.verb, t.sign * o.rows
  FROM gone o, (VALUES (0, former, 1), (1, imat_catalog.block_of(former), 1),
    (1, imat_catalog.block_of(deleted.id), -1)) t(span, moment_id, sign)
  -- Within a block nothing moves.
  WHERE t.span = 0 OR imat_catalog.block_of(former) <> imat_catalog.block_of(deleted.id)
  ON CONFLICT (member_id, span, moment_id, role, verb) DO UPDATE SET rows = f.rows + excluded.rows;
  UPDATE imat_catalog.change_group g SET last_moment_id = former
    WHERE g.id = target.id AND g.last_moment_id = deleted.id;
  DELETE FROM imat_catalog.moment o WHERE o.id = deleted.id;
END $$;

COMMENT ON FUNCTION imat.delete_mark(text, text) IS
  'Deletes a mark; what was counted before and after it becomes one interval.';
