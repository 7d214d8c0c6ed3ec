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
  INSERT INTO imat_catalog.folded_count AS f (member_id, moment_id, role, verb, rows)
  SELECT o.member_id, former, o.role, o.verb, o.rows
  FROM imat_catalog.folded_count o JOIN imat_catalog.member m ON m.id = o.member_id
  WHERE m.group_id = target.id AND o.moment_id = deleted.id
  ON CONFLICT (member_id, moment_id, role, verb) DO UPDATE SET rows = f.rows + excluded.rows;
  DELETE FROM imat_catalog.folded_count f USING imat_catalog.member m
    WHERE m.id = f.member_id AND m.group_id = target.id AND f.moment_id = deleted.id;
  UPDATE imat_catalog.change_group g SET last_moment_id = former
    WHERE g.id = target.id AND g.last_moment_id = deleted.id;
  DELETE FROM imat_catalog.moment o WHERE o.id = deleted.id;
END $$;

COMMENT ON FUNCTION imat.delete_mark(text, text) IS
  'Deletes a mark; what was counted before and after it becomes one interval.';
