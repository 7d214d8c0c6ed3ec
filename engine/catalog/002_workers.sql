-- imat 0.2: what workers need. Run in one transaction, with search_path = pg_catalog.

-- What an answer depends on besides its tables' rows: 'tables' (nothing), 'settings' or 'moment'; NULL where converted before.
ALTER TABLE imat_catalog.imat ADD COLUMN dependence text CHECK (dependence IN ('tables', 'settings', 'moment'));

-- Per imat: who is at it, how it went, what it costs. A row appears with the first attempt.
CREATE TABLE imat_catalog.schedule (
  imat_id integer PRIMARY KEY REFERENCES imat_catalog.imat ON DELETE CASCADE,
  worker text,
  lease_until timestamptz,
  last_action text,
  last_reason text,
  last_started_at timestamptz,
  last_ended_at timestamptz,
  last_ms double precision,
  last_rows bigint,
  -- since the last success
  attempts integer NOT NULL DEFAULT 0,
  failed_at timestamptz,
  -- 'infinity': not before somebody has folded, swapped or converted it
  next_attempt_at timestamptz,
  error_code text,
  error text,
  error_detail text,
  error_hint text,
  -- measured, the last run counting a quarter
  fold_ms double precision,
  fold_ms_per_row double precision,
  rebuild_ms double precision,
  -- of sources that are not captured, before the last swap
  signature text
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- What was decided and done. A skip is one row per run of equal skips.
CREATE TABLE imat_catalog.history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- no foreign key: it outlives the imat
  imat_id integer NOT NULL,
  name text NOT NULL,
  worker text NOT NULL,
  action text NOT NULL CHECK (action IN ('skip', 'fold', 'swap', 'rebuild', 'finish', 'publish', 'load', 'request')),
  reason text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  times integer NOT NULL DEFAULT 1,
  -- what was found, and what it cost
  pending_rows bigint,
  pending_ms double precision,
  ms double precision,
  rows bigint,
  error_code text,
  error text
);
CREATE INDEX ON imat_catalog.history (ended_at);
CREATE INDEX ON imat_catalog.history (imat_id, id);

-- Who is at work. A worker that has not been seen for a minute is taken for gone.
CREATE TABLE imat_catalog.worker (
  id text PRIMARY KEY,
  version text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- The one worker that looks every tick; the others sweep.
CREATE TABLE imat_catalog.ticker (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  worker text,
  until timestamptz
) WITH (fillfactor = 20);
INSERT INTO imat_catalog.ticker DEFAULT VALUES;

ALTER TABLE imat_catalog.request
  ADD COLUMN worker text,
  ADD COLUMN lease_until timestamptz,
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN next_attempt_at timestamptz,
  ADD COLUMN error_code text,
  ADD COLUMN error_detail text,
  ADD COLUMN error_hint text;

-- Which imats a definition reads, ordinary views followed; `stored`: not live, so that it changes by folds and swaps alone.
CREATE VIEW imat_catalog.reading AS
WITH RECURSIVE reads AS (
  SELECT i.id AS imat_id, d.refobjid AS relation
  FROM imat_catalog.imat i JOIN pg_rewrite r ON r.ev_class = i.definition_view
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
  WHERE d.refobjid <> r.ev_class
  UNION
  SELECT s.imat_id, d.refobjid
  FROM reads s JOIN pg_class c ON c.oid = s.relation AND c.relkind = 'v' JOIN pg_rewrite r ON r.ev_class = c.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
  WHERE d.refobjid <> r.ev_class AND NOT EXISTS (SELECT FROM imat_catalog.imat o WHERE o.relation = s.relation)
)
SELECT DISTINCT s.imat_id, s.relation, o.id AS reads_imat, o.freshness <> 'live' AS stored
FROM reads s LEFT JOIN imat_catalog.imat o ON o.relation = s.relation;

-- What the tables that an imat reads and that are not captured look like; NULL where nothing can be told of one (a foreign table).
-- Statistics come late and are never lost: what is told by them is rebuilt some seconds later, or once too often.
CREATE FUNCTION imat_catalog.table_signature(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT CASE WHEN bool_or(x.sign IS NULL) THEN NULL ELSE md5(coalesce(string_agg(x.sign, ',' ORDER BY x.relation), '')) END
  FROM (
    SELECT r.relation,
      CASE WHEN c.relkind IN ('r', 'm') THEN concat_ws(':', r.relation, c.relfilenode, pg_stat_get_tuples_inserted(c.oid),
        pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid)) END AS sign
    FROM imat_catalog.reading r JOIN pg_class c ON c.oid = r.relation LEFT JOIN imat_catalog.imat o ON o.id = r.reads_imat
    -- A live imat is told by its sources' logs, unless it is told by nothing itself; a stored one by its frontier.
    WHERE r.imat_id = imat AND (o.id IS NULL AND c.relkind <> 'v' OR NOT r.stored AND NOT o.watchable)
      AND NOT EXISTS (SELECT FROM imat_catalog.imat_source z WHERE z.imat_id = imat AND z.relation = r.relation)
  ) x
$$;

-- The frontiers of the stored imats that an imat reads.
CREATE FUNCTION imat_catalog.frontiers_read(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT coalesce(string_agg(f.imat_id || ':' || f.snapshot, ' ' ORDER BY f.imat_id), '')
  FROM imat_catalog.reading r JOIN imat_catalog.frontier f ON f.imat_id = r.reads_imat WHERE r.imat_id = imat AND r.stored
$$;

-- Pairs of imat and captured source that the extension knows to be unchanged since the imat's frontier, as 'imat:relation'; NULL
-- where the extension is not there or does not work, which is how it is on most servers.
CREATE FUNCTION imat_catalog.unchanged_pairs() RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  home name;
  pairs text[];
BEGIN
  SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'table_change_tracker';
  IF home IS NULL OR to_regprocedure(format('%I.tables_changed_since(regclass[],pg_snapshot[])', home)) IS NULL THEN RETURN NULL; END IF;
  EXECUTE format($sql$
    WITH pairs AS (
      SELECT z.imat_id, z.relation::regclass AS relation, f.snapshot, row_number() OVER () AS n
      FROM imat_catalog.imat_source z JOIN imat_catalog.frontier f USING (imat_id) WHERE f.here AND EXISTS (SELECT FROM pg_class c WHERE c.oid = z.relation)
    ), answer AS (
      SELECT u.changed, u.n
      FROM unnest(%I.tables_changed_since((SELECT array_agg(p.relation ORDER BY p.n) FROM pairs p), (SELECT array_agg(p.snapshot ORDER BY p.n) FROM pairs p)))
        WITH ORDINALITY u(changed, n)
    )
    SELECT coalesce(array_agg(p.imat_id || ':' || p.relation::oid) FILTER (WHERE a.changed IS FALSE), '{}') FROM pairs p JOIN answer a USING (n)
  $sql$, home) INTO pairs;
  RETURN pairs;
EXCEPTION WHEN OTHERS THEN
  -- Not preloaded, no right to ask, a version that is not ours: pending rows tell as well.
  IF left(SQLSTATE, 2) IN ('57', '53', '40') THEN RAISE; END IF;
  RETURN NULL;
END $$;

-- Everything that a worker decides by, in one answer. `since` is the snapshot of the answer before; where nothing has ended since,
-- the answer would be the same and is left out. The snapshot is taken before anything is read, so what changes meanwhile is
-- seen the next time. Rows are counted up to a bound. `wanted`: some imats only; NULL: all.
CREATE FUNCTION imat_catalog.look(since text, count_up_to integer, wanted integer[]) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  snap text := pg_current_snapshot()::text;
  log record;
  imats integer[] := '{}';
  pending bigint[] := '{}';
  counted bigint[];
  unchanged text[];
BEGIN
  IF snap = since AND NOT EXISTS (SELECT FROM imat_catalog.imat i WHERE NOT i.watchable AND i.freshness <> 'manual') THEN
    RETURN jsonb_build_object('snapshot', snap);
  END IF;
  unchanged := imat_catalog.unchanged_pairs();
  FOR log IN
    SELECT s.log, array_agg(z.imat_id ORDER BY z.imat_id) AS ids, array_agg(f.snapshot ORDER BY z.imat_id) AS snapshots
    FROM imat_catalog.source s JOIN imat_catalog.imat_source z USING (relation) JOIN imat_catalog.imat i ON i.id = z.imat_id AND i.state = 'active'
      JOIN imat_catalog.frontier f ON f.imat_id = i.id AND f.here
    WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log) AND (wanted IS NULL OR i.id = ANY (wanted))
      AND (unchanged IS NULL OR (z.imat_id || ':' || z.relation::oid) <> ALL (unchanged))
    GROUP BY s.log
  LOOP
    -- The upper bound is always true; it makes the planner expect few rows and so use an index on xid where there is one.
    EXECUTE format(
      'SELECT array_agg(x.n ORDER BY x.o) FROM (SELECT u.o, (SELECT count(*) FROM (SELECT FROM %s l WHERE l.xid >= pg_snapshot_xmin(u.s) AND l.xid <= ''18446744073709551615'' AND NOT pg_visible_in_snapshot(l.xid, u.s) LIMIT $2) p) AS n FROM unnest($1) WITH ORDINALITY u(s, o)) x',
      log.log
    ) INTO counted USING log.snapshots, count_up_to;
    imats := imats || log.ids;
    pending := pending || counted;
  END LOOP;
  RETURN (
    SELECT jsonb_build_object('snapshot', snap, 'imats', coalesce(jsonb_agg(to_jsonb(x)), '[]'),
      'requests', (SELECT count(*) FROM imat_catalog.request q WHERE q.carried_out_at IS NULL AND coalesce(q.next_attempt_at <= clock_timestamp(), true)
        AND coalesce(q.lease_until <= clock_timestamp(), true)))
    FROM (
      SELECT i.id, i.name, i.strategy, i.freshness, i.watchable, i.dependence, i.untrusted,
        CASE WHEN i.freshness NOT IN ('live', 'manual') THEN extract(epoch FROM i.freshness::interval) * 1000 END AS "freshnessMs",
        i.swap_phase AS "swapPhase",
        f.here IS TRUE AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.relation) AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.definition_view)
          AND EXISTS (SELECT FROM pg_class c WHERE c.oid = f.state_relation) AS intact,
        coalesce(p.n, 0) AS "pendingRows",
        CASE WHEN i.strategy = 'swap' AND NOT i.watchable AND coalesce(i.dependence, 'moment') = 'tables' THEN imat_catalog.table_signature(i.id) || '/' || imat_catalog.frontiers_read(i.id) END AS signature,
        s.signature AS "lastSignature",
        extract(epoch FROM clock_timestamp() - f.advanced_at) * 1000 AS "frontierMs",
        extract(epoch FROM clock_timestamp() - s.last_started_at) * 1000 AS "startedMs",
        extract(epoch FROM clock_timestamp() - s.last_ended_at) * 1000 AS "endedMs",
        s.last_action AS "lastAction", s.last_ms AS "lastMs", s.fold_ms AS "foldMs", s.fold_ms_per_row AS "foldMsPerRow", s.rebuild_ms AS "rebuildMs",
        s.attempts, s.error_code AS "errorCode",
        -- what somebody has done by hand since lifts it
        CASE WHEN s.next_attempt_at > clock_timestamp() AND NOT f.advanced_at > s.failed_at THEN
          CASE WHEN s.next_attempt_at = 'infinity' THEN -1 ELSE extract(epoch FROM s.next_attempt_at - clock_timestamp()) * 1000 END
        END AS "blockedMs",
        CASE WHEN s.lease_until > clock_timestamp() THEN s.worker END AS "leasedBy"
      FROM imat_catalog.imat i LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id LEFT JOIN imat_catalog.schedule s ON s.imat_id = i.id
        LEFT JOIN (SELECT u.imat, sum(u.n)::bigint AS n FROM unnest(imats, pending) u(imat, n) GROUP BY u.imat) p ON p.imat = i.id
      WHERE i.state = 'active' AND (wanted IS NULL OR i.id = ANY (wanted))
      ORDER BY i.id
    ) x
  );
END $$;

-- Makes a worker the ticker, or keeps it; false where another one is.
CREATE FUNCTION imat_catalog.take_turn(candidate text, lease_ms integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  UPDATE imat_catalog.ticker t SET worker = candidate, until = clock_timestamp() + lease_ms * interval '1 ms'
  WHERE t.worker = candidate OR t.until IS NULL OR t.until < clock_timestamp();
  RETURN FOUND;
END $$;

-- Lends a unit of work, named by its least imat, to a worker; false where another one has it.
CREATE FUNCTION imat_catalog.lease(imat integer, candidate text, lease_ms integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  INSERT INTO imat_catalog.schedule AS s (imat_id, worker, lease_until)
  SELECT i.id, candidate, clock_timestamp() + lease_ms * interval '1 ms' FROM imat_catalog.imat i WHERE i.id = imat
  ON CONFLICT (imat_id) DO UPDATE SET worker = candidate, lease_until = clock_timestamp() + lease_ms * interval '1 ms'
  WHERE s.worker IS NULL OR s.worker = candidate OR s.lease_until IS NULL OR s.lease_until < clock_timestamp();
  RETURN FOUND;
END $$;

CREATE FUNCTION imat_catalog.release(imat integer, holder text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog
AS $$
  UPDATE imat_catalog.schedule s SET lease_until = NULL WHERE s.imat_id = imat AND s.worker = holder;
$$;

-- Notes what was done for an imat and how it went. Also called by convert, whose load is the first measurement of a rebuild.
CREATE FUNCTION imat_catalog.record(
  imat integer, by_worker text, what text, why text, found_rows bigint, found_ms double precision, took_ms double precision, touched bigint,
  fresh_signature text, code text, message text, more text, advice text, retry_ms double precision
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  now_at timestamptz := clock_timestamp();
BEGIN
  INSERT INTO imat_catalog.history (imat_id, name, worker, action, reason, started_at, ended_at, pending_rows, pending_ms, ms, rows, error_code, error)
  SELECT imat, i.name, by_worker, what, why, now_at - took_ms * interval '1 ms', now_at, found_rows, found_ms, took_ms, touched, code, message
  FROM imat_catalog.imat i WHERE i.id = imat;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO imat_catalog.schedule (imat_id) VALUES (imat) ON CONFLICT DO NOTHING;
  UPDATE imat_catalog.schedule s SET
    last_action = what, last_reason = why, last_started_at = now_at - took_ms * interval '1 ms', last_ended_at = now_at, last_ms = took_ms, last_rows = touched,
    attempts = CASE WHEN code IS NULL THEN 0 ELSE s.attempts + 1 END,
    failed_at = CASE WHEN code IS NOT NULL THEN now_at END,
    next_attempt_at = CASE WHEN code IS NULL THEN NULL WHEN retry_ms IS NULL THEN 'infinity' ELSE now_at + retry_ms * interval '1 ms' END,
    error_code = code, error = message, error_detail = more, error_hint = advice,
    signature = CASE WHEN code IS NULL AND what IN ('swap', 'publish') THEN fresh_signature ELSE s.signature END,
    fold_ms = CASE WHEN code IS NULL AND what = 'fold' THEN coalesce(0.75 * s.fold_ms + 0.25 * took_ms, took_ms) ELSE s.fold_ms END,
    -- Of a handful of rows the time is mostly not the rows'.
    fold_ms_per_row = CASE WHEN code IS NULL AND what = 'fold' AND found_rows >= 1000
      THEN coalesce(0.75 * s.fold_ms_per_row + 0.25 * took_ms / found_rows, took_ms / found_rows) ELSE s.fold_ms_per_row END,
    rebuild_ms = CASE WHEN code IS NULL AND what IN ('swap', 'rebuild', 'load') THEN coalesce(0.75 * s.rebuild_ms + 0.25 * took_ms, took_ms) ELSE s.rebuild_ms END
  WHERE s.imat_id = imat;
END $$;

-- Lends the oldest open request to a worker.
CREATE FUNCTION imat_catalog.lease_request(candidate text, lease_ms integer) RETURNS TABLE (id bigint, name text, attempts integer)
LANGUAGE sql
SET search_path = pg_catalog
AS $$
  UPDATE imat_catalog.request q SET worker = candidate, lease_until = clock_timestamp() + lease_ms * interval '1 ms', attempts = q.attempts + 1
  WHERE q.id = (
    SELECT o.id FROM imat_catalog.request o
    WHERE o.carried_out_at IS NULL AND coalesce(o.next_attempt_at <= clock_timestamp(), true) AND coalesce(o.lease_until <= clock_timestamp(), true)
    ORDER BY o.id LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  RETURNING q.id, q.name, q.attempts
$$;

-- The call that users of the PL/pgSQL predecessor know. SQL alone cannot parse a definition: the request is recorded, a worker
-- carries it out, and calling it again tells how that went.
CREATE OR REPLACE FUNCTION imat.create_imat(name text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  last imat_catalog.request;
  by_hand text := format('imat convert %s', CASE WHEN name ~ '^[A-Za-z0-9_.]+$' THEN name ELSE '''' || replace(name, '''', '''\''''') || '''' END);
BEGIN
  IF EXISTS (SELECT FROM imat_catalog.imat i WHERE i.name = create_imat.name AND i.state = 'active') THEN
    RETURN format('imat "%s" exists already: read imat.%I', name, name);
  END IF;
  SELECT * INTO last FROM imat_catalog.request r WHERE r.name = create_imat.name ORDER BY r.id DESC LIMIT 1;
  IF last.id IS NULL OR last.carried_out_at IS NOT NULL THEN
    INSERT INTO imat_catalog.request (name) VALUES (name);
  END IF;
  RETURN format('recorded: a running imat worker will carry this out; or do it now with: %s', by_hand)
    || CASE WHEN last.error IS NULL THEN '' ELSE format('. The last attempt failed: %s (%s)', last.error, last.error_code) END;
END $$;

-- Publishes imats at one snapshot: folds and fills them, in the order given (what is read before what reads it), in one REPEATABLE
-- READ transaction. Each by itself is as in imat.fold and imat.swap.
CREATE PROCEDURE imat_catalog.publish(names text[])
LANGUAGE plpgsql
AS $$
DECLARE
  name pg_catalog.text;
  target imat_catalog.imat;
  active pg_catalog.oid;
  fresh pg_catalog.text;
  ids integer[];
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
    IF target.strategy OPERATOR(pg_catalog.=) 'swap' THEN
      PERFORM pg_catalog.pg_advisory_xact_lock(1768776052, target.id);
      target := imat_catalog.find(name);
      SELECT f.state_relation INTO active FROM imat_catalog.frontier f JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) f.state_relation
      WHERE f.imat_id OPERATOR(pg_catalog.=) target.id AND f.here;
      IF active IS NULL THEN PERFORM imat_catalog.no_frontier(name); END IF;
      IF NOT imat_catalog.finish_swap(target.id, 80) THEN
        COMMIT;
        RAISE EXCEPTION USING ERRCODE = 'lock_not_available',
          MESSAGE = pg_catalog.format('the previous table of imat "%s" is still in use', name),
          DETAIL = 'A transaction that began before the last swap is still open.', HINT = 'Try again when it has ended.';
      END IF;
      fresh := target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>) imat_catalog.idle_slot(target.swap, active);
      EXECUTE pg_catalog.format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', fresh, active::pg_catalog.regclass);
      PERFORM imat_catalog.copy_grants(active, pg_catalog.to_regclass(fresh));
      PERFORM imat_catalog.with_short_locks(
        pg_catalog.format('view imat.%I', name),
        pg_catalog.format('CREATE OR REPLACE VIEW imat.%I AS %s', name, target.swap OPERATOR(pg_catalog.->>) 'both'),
        80
      );
      UPDATE imat_catalog.imat i SET swap_phase = 'filling', swap_waits_for = NULL WHERE i.id OPERATOR(pg_catalog.=) target.id;
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
      SELECT f.state_relation INTO active FROM imat_catalog.frontier f WHERE f.imat_id OPERATOR(pg_catalog.=) target.id;
      fresh := target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>) imat_catalog.idle_slot(target.swap, active);
      IF target.swap_phase IS DISTINCT FROM 'filling' OR pg_catalog.to_regclass(fresh) IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = pg_catalog.format('imat "%s" is being swapped by another session', name),
          HINT = 'Try again, if it must be swapped once more.';
      END IF;
      PERFORM pg_catalog.set_config(s.key, s.value, true) FROM pg_catalog.jsonb_each_text(target.swap OPERATOR(pg_catalog.->) 'settings') s;
      EXECUTE pg_catalog.format('INSERT INTO %s SELECT * FROM %s', fresh, target.definition_view);
      GET DIAGNOSTICS rows = ROW_COUNT;
      EXECUTE pg_catalog.format('ANALYZE %s', fresh);
      PERFORM imat_catalog.advance(target.id, pg_catalog.to_regclass(fresh));
      UPDATE imat_catalog.imat i SET swap_phase = 'switched' WHERE i.id OPERATOR(pg_catalog.=) target.id;
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

CREATE FUNCTION imat_catalog.idle_slot(swap jsonb, active oid) RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$ SELECT CASE WHEN to_regclass(swap->'slots'->>0)::oid = active THEN 1 ELSE 0 END $$;

-- Logs with what a worker decides their upkeep by.
CREATE VIEW imat_catalog.log_upkeep AS
SELECT s.relation::oid AS source, s.log, n.nspname AS schema, c.relname AS name,
  pg_stat_get_live_tuples(c.oid) AS rows, pg_stat_get_dead_tuples(c.oid) AS dead_rows,
  x.indexrelid::regclass AS xid_index, x.indisvalid AS is_valid
FROM imat_catalog.source s JOIN pg_class c ON c.oid = s.log JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index x ON x.indrelid = s.log AND x.indnkeyatts = 1
  AND x.indkey[0] = (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = s.log AND a.attname = 'xid');

-- What keeps log rows from being deleted, or deleted ones from being vacuumed.
CREATE VIEW imat_catalog.held_back AS
SELECT s.relation::regclass AS source, i.name AS imat,
  format('imat "%s" (%s) has not taken in rows of the log of %s, which keeps %s rows', i.name,
    CASE WHEN h.next_attempt_at IS NOT NULL THEN 'failing' ELSE i.freshness END, s.relation::regclass, pg_stat_get_live_tuples(s.log)) AS reason
FROM imat_catalog.source s JOIN imat_catalog.imat_source z USING (relation) JOIN imat_catalog.imat i ON i.id = z.imat_id AND i.state = 'active'
  JOIN imat_catalog.frontier f ON f.imat_id = i.id LEFT JOIN imat_catalog.schedule h ON h.imat_id = i.id
WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log) AND pg_stat_get_live_tuples(s.log) > 10000
  AND pg_snapshot_xmax(f.snapshot) = (SELECT min(pg_snapshot_xmax(g.snapshot)) FROM imat_catalog.imat_source o JOIN imat_catalog.frontier g USING (imat_id) WHERE o.relation = s.relation)
  -- Somebody else is ahead of it, or nobody else is there. By xmax: a long transaction anywhere keeps all their xmin the same.
  AND coalesce((SELECT bool_or(pg_snapshot_xmax(g.snapshot) > pg_snapshot_xmax(f.snapshot)) FROM imat_catalog.imat_source o JOIN imat_catalog.frontier g USING (imat_id)
    WHERE o.relation = s.relation AND g.imat_id <> f.imat_id), true)
UNION ALL
SELECT NULL, NULL, format('a transaction of process %s (%s, role %s) has been open for %s: deleted log rows cannot be vacuumed', a.pid,
  coalesce(nullif(a.application_name, ''), 'no application name'), a.usename, date_trunc('second', clock_timestamp() - a.xact_start))
FROM pg_stat_activity a
WHERE a.backend_xmin IS NOT NULL AND a.xact_start < clock_timestamp() - interval '1 minute' AND a.datname = current_database() AND a.backend_type = 'client backend'
UNION ALL
SELECT NULL, NULL, format('the prepared transaction "%s" has been waiting for %s: deleted log rows cannot be vacuumed', p.gid, date_trunc('second', clock_timestamp() - p.prepared))
FROM pg_prepared_xacts p WHERE p.database = current_database() AND p.prepared < clock_timestamp() - interval '1 minute'
UNION ALL
SELECT NULL, NULL, format('replication slot "%s" keeps old rows: deleted log rows cannot be vacuumed', r.slot_name)
FROM pg_replication_slots r WHERE r.xmin IS NOT NULL AND age(r.xmin) > 1000000;

CREATE OR REPLACE VIEW imat_catalog.status AS
SELECT i.name, c.oid::regclass AS relation, i.strategy, i.freshness,
  CASE WHEN i.state = 'active' AND (c.oid IS NULL OR d.oid IS NULL OR f.here IS NOT TRUE OR s.oid IS NULL) THEN 'broken' ELSE i.state END AS state,
  CASE WHEN i.state = 'active' AND f.here THEN imat_catalog.pending_rows(i.id) ELSE 0 END AS pending_rows,
  ARRAY(SELECT z.relation::regclass FROM imat_catalog.imat_source z WHERE z.imat_id = i.id ORDER BY z.relation) AS sources,
  (SELECT o.oid::regclass FROM pg_class o WHERE o.oid = i.original) AS original,
  coalesce(pg_total_relation_size(s.oid), 0) AS state_bytes,
  (SELECT coalesce(sum(pg_total_relation_size(l.oid)), 0)::bigint
   FROM imat_catalog.imat_source z JOIN imat_catalog.source o USING (relation) JOIN pg_class l ON l.oid = o.log
   WHERE z.imat_id = i.id) AS log_bytes,
  f.advanced_at AS frontier_at,
  h.last_action, h.last_reason, h.last_ended_at AS last_run_at, h.last_ms, h.attempts AS failed_attempts,
  CASE WHEN NOT f.advanced_at > h.failed_at THEN h.error_code END AS error_code,
  CASE WHEN NOT f.advanced_at > h.failed_at THEN h.error END AS error,
  CASE WHEN NOT f.advanced_at > h.failed_at THEN h.error_hint END AS error_hint,
  CASE WHEN NOT f.advanced_at > h.failed_at THEN h.next_attempt_at END AS next_attempt_at,
  CASE WHEN h.lease_until > clock_timestamp() THEN h.worker END AS worker
FROM imat_catalog.imat i
LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id
LEFT JOIN pg_class c ON c.oid = i.relation
LEFT JOIN pg_class d ON d.oid = i.definition_view
LEFT JOIN pg_class s ON s.oid = f.state_relation
LEFT JOIN imat_catalog.schedule h ON h.imat_id = i.id;

-- What a worker would do about one imat, in SQL alone, for schedulers inside the database: fold what is pending, swap where a source
-- has changed and the interval has passed. Errors are the scheduler's to report.
CREATE PROCEDURE imat_catalog.maintain(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  started timestamptz := pg_catalog.clock_timestamp();
  last_start timestamptz;
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
    SELECT s.last_started_at, s.signature INTO last_start, last_signature FROM imat_catalog.schedule s WHERE s.imat_id OPERATOR(pg_catalog.=) target.id;
    IF target.dependence OPERATOR(pg_catalog.=) 'tables' THEN
      found_signature := imat_catalog.table_signature(target.id) OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||) imat_catalog.frontiers_read(target.id);
    END IF;
    IF target.freshness OPERATOR(pg_catalog.<>) 'live' THEN
      every := target.freshness::interval;
      IF last_start IS NOT NULL AND started OPERATOR(pg_catalog.<) (last_start OPERATOR(pg_catalog.+) every) THEN RETURN; END IF;
    ELSIF NOT target.watchable AND target.dependence IS DISTINCT FROM 'settings' THEN
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
