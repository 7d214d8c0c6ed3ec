-- What a worker does beside folds and swaps, for databases without one. pg_cron runs commands at
-- the database's default isolation, where clean_log would delete nothing.
CREATE OR REPLACE PROCEDURE imat_catalog.upkeep()
LANGUAGE plpgsql
AS $$
DECLARE
  sources pg_catalog.oid[];
  source pg_catalog.oid;
BEGIN
  CALL imat_catalog.require_no_transaction('imat_catalog.upkeep');
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  sources := ARRAY(SELECT s.relation FROM imat_catalog.source s
    WHERE s.relation IS NOT NULL ORDER BY 1);
  FOREACH source IN ARRAY sources LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  DELETE FROM imat_catalog.history h
  WHERE h.ended_at OPERATOR(pg_catalog.<)
    (pg_catalog.now() OPERATOR(pg_catalog.-) INTERVAL '1 day');
  COMMIT;
  -- The role may have no right to these. A table that is locked is looked at the next time.
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  BEGIN
    PERFORM imat.fold_counts() WHERE EXISTS (SELECT FROM imat_catalog.change_group);
  EXCEPTION WHEN insufficient_privilege OR lock_not_available THEN
    NULL;
  END;
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  BEGIN
    PERFORM imat.compare_schema();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available THEN
    NULL;
  END;
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM imat_catalog.note_names();
  COMMIT;
END $$;

COMMENT ON PROCEDURE imat_catalog.upkeep() IS
  'Deletes the rows of all logs that every imat has taken in, and history that is older than a '
  'day; folds the counters of changes, compares the schema with its images, and notes the names '
  'that tables and views have. A job of pg_cron calls it.';
