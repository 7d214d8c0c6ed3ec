-- Maintenance of several imats: at one snapshot for workers, and by jobs of pg_cron without any.

-- Publishes imats at one snapshot: folds and fills them, in the order given (what is read before what reads it), in one REPEATABLE
-- READ transaction. Each by itself is as in imat.fold and imat.swap.
CREATE PROCEDURE imat_catalog.publish(names text[])
LANGUAGE plpgsql
AS $$
DECLARE
  name pg_catalog.text;
  target imat_catalog.imat;
  ids integer[];
  in_place integer[] := '{}';
  id integer;
  source pg_catalog.oid;
  rows bigint;
  total bigint := 0;
  ready boolean;
BEGIN
  CALL imat_catalog.require_no_transaction('imat_catalog.publish');

  -- (1) a place for each imat that is filled anew
  FOREACH name IN ARRAY names LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    target := imat_catalog.find(name);
    ids := ids OPERATOR(pg_catalog.||) target.id;
    PERFORM imat_catalog.check_trust(target.id);
    IF target.strategy OPERATOR(pg_catalog.=) 'swap' AND NOT imat_catalog.open_slot(name) THEN
      in_place := in_place OPERATOR(pg_catalog.||) target.id;
    END IF;
  END LOOP;

  -- (2) all of them, at one snapshot
  FOR attempt IN 1..100 LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    ready := true;
    -- Always in the same order, so that two of these do not wait for each other; a claim does not wait at all.
    FOR id IN SELECT u.i FROM pg_catalog.unnest(ids) u(i) ORDER BY 1 LOOP
      ready := ready AND imat_catalog.claim(id);
    END LOOP;
    IF ready THEN
      FOR id IN SELECT u.i FROM pg_catalog.unnest(ids) u(i) ORDER BY 1 LOOP
        ready := ready AND imat_catalog.hold_sources(id);
      END LOOP;
    END IF;
    EXIT WHEN ready;
    ROLLBACK;
    IF attempt OPERATOR(pg_catalog.=) 100 THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = pg_catalog.format('imats %s are folded, or their sources truncated, all the time', pg_catalog.array_to_string(names, ', '));
    END IF;
    PERFORM pg_catalog.pg_sleep(0.02);
  END LOOP;
  FOREACH name IN ARRAY names LOOP
    target := imat_catalog.find(name);
    IF target.strategy OPERATOR(pg_catalog.=) 'delta' THEN
      IF NOT EXISTS (
        SELECT FROM imat_catalog.frontier f
        WHERE f.imat_id OPERATOR(pg_catalog.=) target.id AND f.state_relation OPERATOR(pg_catalog.=) target.stored::pg_catalog.oid AND f.here
      ) THEN
        PERFORM imat_catalog.no_frontier(name);
      END IF;
      EXECUTE pg_catalog.format('SELECT %s()', target.fold_function) INTO rows;
      PERFORM imat_catalog.advance(target.id, target.stored);
    ELSE
      rows := imat_catalog.fill_slot(target.id, target.id OPERATOR(pg_catalog.=) ANY (in_place));
    END IF;
    total := total OPERATOR(pg_catalog.+) rows;
  END LOOP;
  PERFORM pg_catalog.set_config('imat.rows', total::pg_catalog.text, false);
  -- At this snapshot, for whoever asks whether the last of them is up to date.
  PERFORM pg_catalog.set_config('imat.frontiers_read', imat_catalog.frontiers_read(target.id), false);
  COMMIT;

  -- (3) what cannot be dropped now is dropped later
  FOREACH id IN ARRAY ids LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.try_finish_swap(id);
  END LOOP;
  FOR source IN SELECT DISTINCT i.relation::pg_catalog.oid FROM imat_catalog.imat_source i WHERE i.imat_id OPERATOR(pg_catalog.=) ANY (ids) LOOP
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
END $$;

-- What a worker would do about one imat, in SQL alone, for schedulers inside the database: fold what is pending, swap where a source
-- has changed and the interval has passed. Errors are the scheduler's to report.
CREATE PROCEDURE imat_catalog.maintain(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  started timestamptz := pg_catalog.clock_timestamp();
  stored_at timestamptz;
  last_signature pg_catalog.text;
  found_signature pg_catalog.text;
  every interval;
  what pg_catalog.text;
BEGIN
  target := imat_catalog.find(name);
  IF target.freshness OPERATOR(pg_catalog.=) 'manual' THEN RETURN; END IF;
  IF target.strategy OPERATOR(pg_catalog.=) 'delta' THEN
    IF NOT imat_catalog.has_pending(target.id) THEN RETURN; END IF;
    what := 'fold';
    CALL imat.fold(name);
  ELSE
    PERFORM imat_catalog.try_finish_swap(target.id);
    SELECT s.stored_at, s.signature INTO stored_at, last_signature FROM imat_catalog.schedule s WHERE s.imat_id OPERATOR(pg_catalog.=) target.id;
    IF target.dependence OPERATOR(pg_catalog.=) 'tables' THEN
      found_signature := imat_catalog.table_signature(target.id) OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||) imat_catalog.frontiers_read(target.id);
    END IF;
    IF target.freshness OPERATOR(pg_catalog.<>) 'live' THEN
      every := target.freshness::interval;
      IF stored_at IS NOT NULL AND started OPERATOR(pg_catalog.<) (stored_at OPERATOR(pg_catalog.+) every) THEN RETURN; END IF;
    ELSIF NOT target.watchable AND target.dependence OPERATOR(pg_catalog.<>) 'settings' THEN
      RETURN;
    END IF;
    IF NOT imat_catalog.has_pending(target.id)
      AND (target.watchable OR target.dependence OPERATOR(pg_catalog.=) 'settings' OR found_signature OPERATOR(pg_catalog.=) last_signature) THEN RETURN; END IF;
    what := 'swap';
    CALL imat.swap(name);
  END IF;
  PERFORM imat_catalog.record(target.id, 'pg_cron', what, 'scheduled', NULL, NULL,
    (EXTRACT(epoch FROM (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) started)) OPERATOR(pg_catalog.*) 1000)::pg_catalog.float8,
    pg_catalog.current_setting('imat.rows', true)::pg_catalog.int8, found_signature, NULL, NULL, NULL, NULL, NULL);
END $$;

-- One job of pg_cron per imat, so that one that fails stops no other; run by a job of its own, so that imats come and go.
CREATE FUNCTION imat_catalog.sync_cron(schedule text) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  job record;
  changes integer := 0;
BEGIN
  FOR job IN EXECUTE format($sql$
    SELECT coalesce(i.job, c.jobname) AS name, i.command, c.jobname IS NOT NULL AS known, i.job IS NOT NULL AS wanted, c.command IS NOT DISTINCT FROM i.command AND c.schedule = %1$L AS same
    FROM (SELECT 'imat maintain ' || m.name AS job, format('CALL imat_catalog.maintain(%%L)', m.name) AS command
          FROM imat_catalog.imat m WHERE m.state = 'active' AND m.freshness <> 'manual') i
    FULL JOIN (SELECT j.jobname, j.command, j.schedule FROM cron.job j
               WHERE j.jobname LIKE 'imat maintain %%' AND j.database = current_database() AND j.username = current_user) c ON c.jobname = i.job
  $sql$, schedule) LOOP
    IF job.wanted AND NOT (job.known AND job.same) THEN
      EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING job.name, schedule, job.command;
      changes := changes + 1;
    ELSIF NOT job.wanted THEN
      EXECUTE 'SELECT cron.unschedule($1)' USING job.name;
      changes := changes + 1;
    END IF;
  END LOOP;
  RETURN changes;
END $$;
