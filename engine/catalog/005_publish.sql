-- Maintenance of several imats: at one snapshot for workers, and by jobs of pg_cron without any.

-- Whether a stored imat's content may be another one than what is stored: what a swap would be worth.
CREATE FUNCTION imat_catalog.has_changed(imat integer) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  target imat_catalog.imat;
  known imat_catalog.schedule;
  signature text;
BEGIN
  IF imat_catalog.has_pending(imat) THEN RETURN true; END IF;
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  IF target.watchable OR target.dependence = 'settings' THEN RETURN false; END IF;
  SELECT * INTO known FROM imat_catalog.schedule s WHERE s.imat_id = imat;
  IF target.dependence = 'tables' THEN
    signature := imat_catalog.signature(imat);
    IF signature IS NOT NULL THEN RETURN signature IS DISTINCT FROM known.signature; END IF;
  END IF;
  -- Nothing tells: by its interval.
  RETURN coalesce(known.stored_at + CASE WHEN target.freshness NOT IN ('live', 'manual') THEN target.freshness::interval END <= clock_timestamp(), true);
END $$;

-- Publishes an imat, the last one named, together with those stored ones that it reads, in the order given (what is read before what
-- reads it), at one snapshot: folds and fills them in one REPEATABLE READ transaction. Each by itself is as in imat.fold and
-- imat.swap. What is read and has not changed is as good at this snapshot as it is, and stays. An error in what is read is raised
-- with that imat's name as the error's table, in the schema imat.
CREATE PROCEDURE imat_catalog.publish(names text[])
LANGUAGE plpgsql
AS $$
DECLARE
  name pg_catalog.text;
  target imat_catalog.imat;
  last_id integer := (imat_catalog.find(names[pg_catalog.cardinality(names)])).id;
  all_ids integer[];
  ids integer[];
  in_place integer[];
  signatures jsonb;
  locks pg_catalog.text;
  id integer;
  source pg_catalog.oid;
  started timestamptz;
  rows bigint;
  total bigint := 0;
  ready boolean;
  detail pg_catalog.text;
  hint pg_catalog.text;
BEGIN
  CALL imat_catalog.require_no_transaction('imat_catalog.publish');
  FOR attempt IN 1..100 LOOP
    -- (1) which of them, and a place for each that is filled anew
    all_ids := '{}'; ids := '{}'; in_place := '{}'; signatures := '{}'; locks := '';
    started := pg_catalog.clock_timestamp();
    FOREACH name IN ARRAY names LOOP
      COMMIT;
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      target := imat_catalog.find(name);
      PERFORM imat_catalog.check_definition(target.id);
      locks := locks OPERATOR(pg_catalog.||) imat_catalog.view_locks(target.id);
      all_ids := all_ids OPERATOR(pg_catalog.||) target.id;
      CONTINUE WHEN target.id OPERATOR(pg_catalog.<>) last_id AND NOT imat_catalog.has_changed(target.id);
      ids := ids OPERATOR(pg_catalog.||) target.id;
      IF target.strategy OPERATOR(pg_catalog.=) 'swap' THEN
        signatures := signatures OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(target.id, imat_catalog.signature(target.id));
        IF NOT imat_catalog.open_slot(name) THEN in_place := in_place OPERATOR(pg_catalog.||) target.id; END IF;
      END IF;
    END LOOP;

    -- (2) all of them, at one snapshot
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    EXECUTE locks;
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
    -- What was left out and has changed since would be of another moment than what is not; what another session has published
    -- since would be published again for nothing, and so would all that read it.
    EXIT WHEN ready AND NOT EXISTS (
      SELECT FROM pg_catalog.unnest(all_ids) u(i)
      WHERE u.i OPERATOR(pg_catalog.<>) last_id AND imat_catalog.has_changed(u.i) OPERATOR(pg_catalog.<>) (u.i OPERATOR(pg_catalog.=) ANY (ids))
    );
    ROLLBACK;
    IF attempt OPERATOR(pg_catalog.=) 100 THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = pg_catalog.format('imats %s are folded, or their sources truncated, all the time', pg_catalog.array_to_string(names, ', '));
    END IF;
    PERFORM pg_catalog.pg_sleep(0.02);
  END LOOP;
  FOREACH name IN ARRAY names LOOP
    target := imat_catalog.find(name);
    CONTINUE WHEN target.id OPERATOR(pg_catalog.<>) ALL (ids);
    BEGIN
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
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
      RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM, DETAIL = detail, HINT = hint, SCHEMA = 'imat', TABLE = name;
    END;
    total := total OPERATOR(pg_catalog.+) rows;
    -- Of the last one the caller tells how it went.
    IF target.id OPERATOR(pg_catalog.<>) last_id THEN
      UPDATE imat_catalog.schedule s SET stored_at = started, signature = signatures OPERATOR(pg_catalog.->>) target.id::pg_catalog.text
      WHERE s.imat_id OPERATOR(pg_catalog.=) target.id;
    END IF;
  END LOOP;
  PERFORM pg_catalog.set_config('imat.rows', total::pg_catalog.text, false);
  -- At this snapshot, for whoever asks whether the last of them is up to date.
  PERFORM pg_catalog.set_config('imat.frontiers_read', imat_catalog.frontiers_read(last_id), false);
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
      found_signature := imat_catalog.signature(target.id);
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
    FROM (SELECT ('imat maintain ' || m.id || ' ' || m.name)::name::text AS job, format('CALL imat_catalog.maintain(%%L)', m.name) AS command
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
