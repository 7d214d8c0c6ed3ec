CREATE OR REPLACE FUNCTION imat.fold_counts() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  folded bigint;
  one integer;
BEGIN
  PERFORM imat_catalog.require_read_committed();
  IF NOT EXISTS (SELECT FROM imat_catalog.change_group g
      WHERE imat_catalog.owns(imat_catalog.caller(), g.owner))
    AND NOT imat_catalog.owns(imat_catalog.caller(),
      (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = 'only owners of groups may fold counters',
        HINT = format('So may %s, who owns the imat catalog.', current_user);
  END IF;
  -- The lock of the counters; those of imats are positive.
  IF NOT pg_try_advisory_xact_lock(imat_catalog.lock_class(), -1) THEN RETURN 0; END IF;
  IF EXISTS (SELECT FROM imat_catalog.change_group g WHERE NOT g.here) THEN
    PERFORM imat_catalog.change_members('the tables of all groups', '{}',
      'SELECT imat_catalog.begin_anew()');
  END IF;
  BEGIN
    PERFORM FROM imat_catalog.change_group g ORDER BY g.id FOR KEY SHARE NOWAIT;
  EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
  END;
  PERFORM imat_catalog.note_members();
  folded := imat_catalog.fold_counters();
  DELETE FROM imat_catalog.counted c WHERE c.relation IS NULL
    AND NOT EXISTS (SELECT FROM imat_catalog.member_part p WHERE p.counted_id = c.id)
    AND NOT EXISTS (SELECT FROM imat_catalog.change_count o WHERE o.counted_id = c.id);
  -- A moment without a name: behind it, what is open now can be folded the next time.
  FOR one IN
    SELECT m.group_id FROM imat_catalog.unfolded_count c
      JOIN imat_catalog.member m ON m.id = c.member_id
    WHERE m.to_id IS NULL
    GROUP BY 1 HAVING count(*) > 10000 ORDER BY 1
  LOOP
    PERFORM imat_catalog.add_moment(one, NULL, false);
  END LOOP;
  -- Last, because it locks tables: setting a moment may wait for a mark.
  PERFORM imat_catalog.follow_members(NULL);
  PERFORM imat_catalog.follow_capture();
  RETURN folded;
END $$;

COMMENT ON FUNCTION imat.fold_counts() IS
  'Adds up the counters of changed rows between marks; returns how many it has removed. It changes '
  'no statistic. It returns 0 if another session is at it, or changes a group.';
