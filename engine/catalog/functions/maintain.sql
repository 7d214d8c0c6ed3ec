CREATE OR REPLACE PROCEDURE imat_catalog.maintain(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  started pg_catalog.timestamptz := pg_catalog.clock_timestamp();
  stored_at pg_catalog.timestamptz;
  last_signature pg_catalog.text;
  found_signature pg_catalog.text;
  every interval;
  what pg_catalog.text;
BEGIN
  CALL imat_catalog.require_no_transaction('imat_catalog.maintain');
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  target := imat_catalog.find(name);
  IF target.freshness OPERATOR(pg_catalog.=) 'manual' THEN RETURN; END IF;
  WHILE imat_catalog.follow_parts_of(target.id) LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  END LOOP;
  IF target.strategy OPERATOR(pg_catalog.=) 'delta' THEN
    IF NOT imat_catalog.has_pending(target.id) THEN RETURN; END IF;
    what := 'fold';
    CALL imat.fold(name);
  ELSE
    PERFORM imat_catalog.try_finish_swap(target.id);
    SELECT s.stored_at, s.signature INTO stored_at, last_signature FROM imat_catalog.schedule s
      WHERE s.imat_id OPERATOR(pg_catalog.=) target.id;
    IF target.dependence OPERATOR(pg_catalog.=) 'tables' THEN
      found_signature := imat_catalog.signature(target.id);
    END IF;
    IF target.freshness OPERATOR(pg_catalog.<>) 'live' THEN
      every := target.freshness::interval;
      IF stored_at IS NOT NULL
        AND started OPERATOR(pg_catalog.<) (stored_at OPERATOR(pg_catalog.+) every)
          THEN RETURN; END IF;
    ELSIF NOT target.watchable AND target.dependence OPERATOR(pg_catalog.<>) 'settings' THEN
      RETURN;
    END IF;
    IF NOT imat_catalog.has_pending(target.id)
      AND (target.watchable OR target.dependence OPERATOR(pg_catalog.=) 'settings'
        OR found_signature OPERATOR(pg_catalog.=) last_signature) THEN RETURN; END IF;
    what := 'swap';
    CALL imat.swap(name);
  END IF;
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM imat_catalog.record(
    imat => target.id, worker_id => 'pg_cron', action => what, reason => 'scheduled',
    took_ms => (EXTRACT(epoch FROM (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) started))
      OPERATOR(pg_catalog.*) 1000)::pg_catalog.float8,
    touched_rows => pg_catalog.current_setting('imat.rows', true)::pg_catalog.int8,
    new_signature => found_signature
  );
END $$;

COMMENT ON PROCEDURE imat_catalog.maintain(text) IS
  'Does for one imat what a worker would do, in SQL alone: folds pending changes, or swaps '
  'after a change when the interval has passed. Jobs of pg_cron call it; errors are reported by '
  'the job.';
