-- Transaction ids of another cluster mean nothing here, so nothing that is counted from now on may
-- have an id in imat_catalog.counted that came with the dump. A row that came with the dump is
-- older than the triggers, because a restore creates triggers last.
CREATE OR REPLACE FUNCTION imat_catalog.begin_anew() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group;
  counting integer[];
BEGIN
  PERFORM pg_advisory_xact_lock(imat_catalog.lock_class(), -1);
  PERFORM FROM imat_catalog.change_group g ORDER BY g.id FOR UPDATE;
  IF NOT EXISTS (SELECT FROM imat_catalog.change_group g WHERE NOT g.here) THEN RETURN; END IF;
  PERFORM imat_catalog.lock_tables(ARRAY(SELECT c.oid FROM imat_catalog.counted k
    JOIN pg_catalog.pg_class c ON c.oid = k.relation), 'ACCESS EXCLUSIVE');
  DELETE FROM imat_catalog.change_count c
  USING imat_catalog.counted k
    JOIN pg_catalog.pg_trigger t ON t.tgrelid = k.relation AND t.tgname = '!imat_count_update'
  WHERE k.id = c.counted_id AND age(c.xmin) < age(t.xmin);
  PERFORM imat_catalog.uncount(k.id) FROM imat_catalog.counted k WHERE k.relation IS NOT NULL;
  counting := ARRAY(SELECT DISTINCT m.group_id FROM imat_catalog.member m WHERE m.to_id IS NULL);
  UPDATE imat_catalog.moment o SET is_stop = true FROM imat_catalog.change_group g
    WHERE o.id = g.last_moment_id AND g.id = ANY (counting);
  UPDATE imat_catalog.member m SET to_id = g.last_moment_id FROM imat_catalog.change_group g
    WHERE g.id = m.group_id AND m.to_id IS NULL;
  PERFORM imat_catalog.fold_counters();
  DELETE FROM imat_catalog.change_count;
  UPDATE imat_catalog.change_group g SET counted_since = clock_timestamp();
  FOR target IN SELECT * FROM imat_catalog.change_group g WHERE g.id = ANY (counting) ORDER BY g.id
  LOOP
    PERFORM imat_catalog.resume_members(target, 'RESTORED_%', NULL);
    RAISE WARNING
      USING MESSAGE = format('group "%s" was restored from another cluster', target.name),
        DETAIL = 'What was changed after its last mark is not known; counting begins anew.';
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.begin_anew() IS
  'Keeps what a dump brought along for intervals that have ended, and begins to count anew in this '
  'cluster. change_members runs it.';
