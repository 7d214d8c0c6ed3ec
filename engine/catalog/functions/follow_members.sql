-- Only tables whose partitions have changed are locked, and after a command only those that it
-- names: the locks last until the command's transaction ends, and would keep others waiting and
-- the partitions of other commands from being counted.
CREATE OR REPLACE FUNCTION imat_catalog.follow_members(changed oid[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  member integer;
BEGIN
  FOR member IN
    SELECT m.id FROM imat_catalog.member m
      JOIN pg_catalog.pg_class c ON c.oid = m.relation AND c.relkind = 'p'
    WHERE m.to_id IS NULL
      AND (changed IS NULL
        OR EXISTS (SELECT FROM imat_catalog.tables_of(m.relation) t WHERE t.relid = ANY (changed)))
      AND (
        EXISTS (SELECT FROM imat_catalog.tables_of(m.relation) t
            JOIN pg_catalog.pg_class p ON p.oid = t.relid AND p.relkind IN ('r', 'p')
          WHERE NOT EXISTS (SELECT FROM imat_catalog.member_part a
              JOIN imat_catalog.counted n ON n.id = a.counted_id
            WHERE a.member_id = m.id AND n.relation = t.relid))
        OR EXISTS (SELECT FROM imat_catalog.member_part a
            JOIN imat_catalog.counted n ON n.id = a.counted_id
          WHERE a.member_id = m.id AND n.relation IS NOT NULL
            AND NOT EXISTS (SELECT FROM imat_catalog.tables_of(m.relation) t
              WHERE t.relid = n.relation)))
    ORDER BY m.id
  LOOP
    BEGIN
      PERFORM imat_catalog.sync_member(member);
    EXCEPTION WHEN lock_not_available OR deadlock_detected OR internal_error THEN
      -- Internal: somebody else's GRANT at the same moment. The next call tries it again.
      IF SQLSTATE = 'XX000' AND SQLERRM !~ '^tuple concurrently ' THEN RAISE; END IF;
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_members(oid[]) IS
  'Counts the partitions of the partitioned tables in groups as they are now. changed: only of '
  'those to which one of these tables belongs; NULL: of all. What is locked is left to the next '
  'call.';
