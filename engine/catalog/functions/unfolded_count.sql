-- After a restore, what the dump brought along counts up to the last mark; what was counted since
-- has transaction ids of this cluster, which cannot be compared with the marks. A row that came
-- with the dump is older than the triggers, because a restore creates triggers last.
CREATE OR REPLACE VIEW imat_catalog.unfolded_count AS
SELECT p.member_id, c.xid, c.role, c.verb, c.rows
FROM imat_catalog.change_count c JOIN imat_catalog.member_part p ON p.counted_id = c.counted_id
  JOIN imat_catalog.member m ON m.id = p.member_id
  JOIN imat_catalog.change_group g ON g.id = m.group_id
WHERE g.here OR (
  EXISTS (SELECT FROM imat_catalog.moment o
    WHERE o.id = g.last_moment_id AND pg_visible_in_snapshot(c.xid, o.snapshot))
  AND NOT EXISTS (SELECT FROM imat_catalog.counted k
      JOIN pg_trigger t ON t.tgrelid = k.relation AND t.tgname = '!imat_count_update'
    WHERE k.id = c.counted_id AND age(c.xmin) < age(t.xmin)));

COMMENT ON VIEW imat_catalog.unfolded_count IS
  'The counters that are not folded yet, for each table of a group to which they belong.';
