-- Workers: leases, history, requests, and the one query that all decisions come from.

-- Per imat: who is at it, how it went, what it costs. A row appears with the first attempt.
CREATE TABLE imat_catalog.schedule (
  imat_id integer PRIMARY KEY REFERENCES imat_catalog.imat ON DELETE CASCADE,
  worker text,
  lease_until timestamptz,
  last_action text,
  last_reason text,
  last_ended_at timestamptz,
  last_ms double precision,
  last_rows bigint,
  -- when what is stored was read: the start of the last run that stored it
  stored_at timestamptz,
  finish_tried_at timestamptz,
  -- since the last success, the one under way included
  attempts integer NOT NULL DEFAULT 0,
  -- of the attempt whose end is not recorded: it is under way while the lease lasts, and was cut off otherwise
  begun_at timestamptz,
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
  -- no foreign key: it outlives the imat; NULL for a request that made none
  imat_id integer,
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
  lease_ms integer NOT NULL,
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

-- How long ago that was; NULL where it is still to come: then another clock told it, that of a server before a failover.
CREATE FUNCTION imat_catalog.age_ms(at timestamptz) RETURNS double precision
LANGUAGE sql
RETURN CASE WHEN at <= clock_timestamp() + interval '1 s' THEN extract(epoch FROM clock_timestamp() - at)::double precision * 1000 END;

-- Whether a lease has not run out. One that has more time left than its holder's leases last was given by another clock, and is none;
-- of a holder that has not told it is an hour, the most that --lease allows.
CREATE FUNCTION imat_catalog.is_leased(until timestamptz, holder text) RETURNS boolean
LANGUAGE sql STRICT
RETURN until > clock_timestamp()
  AND until <= clock_timestamp() + interval '1 s' + coalesce((SELECT w.lease_ms FROM imat_catalog.worker w WHERE w.id = holder), 3600000) * interval '1 ms';

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

-- What is compared to tell whether an imat whose sources are not all captured has changed; NULL where nothing tells.
CREATE FUNCTION imat_catalog.signature(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$ SELECT imat_catalog.table_signature(imat) || '/' || imat_catalog.frontiers_read(imat) $$;

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
  -- The function of the extension itself: in a schema that others may create in, there could be one of theirs.
  SELECT n.nspname INTO home
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
  WHERE e.extname = 'table_change_tracker' AND d.objid = to_regprocedure(format('%I.tables_changed_since(regclass[],pg_snapshot[])', n.nspname));
  IF home IS NULL THEN RETURN NULL; END IF;
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
        AND imat_catalog.is_leased(q.lease_until, q.worker) IS NOT TRUE))
    FROM (
      SELECT i.id, i.name, i.strategy, i.freshness, i.watchable, i.dependence,
        i.untrusted AND (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = i.definition_view) IS DISTINCT FROM current_user AS untrusted,
        CASE WHEN i.freshness NOT IN ('live', 'manual') THEN extract(epoch FROM i.freshness::interval) * 1000 END AS "freshnessMs",
        i.swap_phase AS "swapPhase",
        f.here IS TRUE AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.relation) AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.definition_view)
          AND EXISTS (SELECT FROM pg_class c WHERE c.oid = f.state_relation) AS intact,
        coalesce(p.n, 0) AS "pendingRows",
        CASE WHEN i.strategy = 'swap' AND NOT i.watchable AND i.dependence = 'tables' THEN imat_catalog.signature(i.id) END AS signature,
        s.signature AS "lastSignature",
        imat_catalog.age_ms(f.advanced_at) AS "frontierMs",
        imat_catalog.age_ms(s.stored_at) AS "storedMs",
        imat_catalog.age_ms(s.finish_tried_at) AS "finishTriedMs",
        imat_catalog.age_ms(s.last_ended_at) AS "endedMs",
        s.last_action AS "lastAction", s.last_ms AS "lastMs", s.fold_ms AS "foldMs", s.fold_ms_per_row AS "foldMsPerRow", s.rebuild_ms AS "rebuildMs",
        -- what somebody has done by hand since lifts it
        CASE WHEN a.lifted THEN 0 ELSE s.attempts END AS attempts,
        CASE WHEN NOT a.lifted THEN CASE WHEN s.begun_at IS NOT NULL AND NOT a.leased THEN 'IM015' ELSE s.error_code END END AS "errorCode",
        CASE WHEN s.next_attempt_at > clock_timestamp() AND NOT (s.begun_at IS NOT NULL AND a.leased) AND NOT a.lifted
          AND (s.next_attempt_at = 'infinity' OR imat_catalog.age_ms(GREATEST(s.failed_at, s.begun_at)) IS NOT NULL) THEN
          CASE WHEN s.next_attempt_at = 'infinity' THEN -1 ELSE extract(epoch FROM s.next_attempt_at - clock_timestamp()) * 1000 END
        END AS "blockedMs",
        CASE WHEN a.leased THEN s.worker END AS "leasedBy"
      FROM imat_catalog.imat i LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id LEFT JOIN imat_catalog.schedule s ON s.imat_id = i.id
        CROSS JOIN LATERAL (SELECT coalesce(imat_catalog.is_leased(s.lease_until, s.worker), false) AS leased, coalesce(f.advanced_at > GREATEST(s.failed_at, s.begun_at), false) AS lifted) a
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
  WHERE t.worker = candidate OR imat_catalog.is_leased(t.until, t.worker) IS NOT TRUE;
  RETURN FOUND;
END $$;

-- Lends a unit of work, named by its least imat, to a worker; false where another one has it. An attempt that is not recorded is
-- over then: even the same worker asks only when it has lost it.
CREATE FUNCTION imat_catalog.lease(imat integer, candidate text, lease_ms integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  INSERT INTO imat_catalog.schedule AS s (imat_id, worker, lease_until)
  SELECT i.id, candidate, clock_timestamp() + lease_ms * interval '1 ms' FROM imat_catalog.imat i WHERE i.id = imat
  ON CONFLICT (imat_id) DO UPDATE SET worker = candidate, lease_until = clock_timestamp() + lease_ms * interval '1 ms',
    begun_at = NULL, failed_at = coalesce(s.begun_at, s.failed_at),
    error_code = CASE WHEN s.begun_at IS NULL THEN s.error_code ELSE 'IM015' END,
    error = CASE WHEN s.begun_at IS NULL THEN s.error ELSE imat_catalog.cut_off_message() END,
    error_detail = CASE WHEN s.begun_at IS NULL THEN s.error_detail END, error_hint = CASE WHEN s.begun_at IS NULL THEN s.error_hint END
  WHERE s.worker = candidate OR imat_catalog.is_leased(s.lease_until, s.worker) IS NOT TRUE;
  RETURN FOUND;
END $$;

-- Of an attempt that neither succeeded nor failed: its worker was killed, or its session ended and could not be asked.
CREATE FUNCTION imat_catalog.cut_off_message() RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT 'the attempt was cut off' $$;

-- Notes that an attempt begins, as if it had failed: what ends a session, a server or a worker would otherwise be tried again at
-- once, and for ever. False where the lease has gone to another. A finish runs nobody's functions; it is bounded by when it was tried.
CREATE FUNCTION imat_catalog.begin_attempt(imat integer, holder text, what text, retry_ms double precision) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  now_at timestamptz := clock_timestamp();
BEGIN
  UPDATE imat_catalog.schedule s SET
    finish_tried_at = CASE WHEN what = 'finish' THEN now_at ELSE s.finish_tried_at END,
    -- what somebody has mended since counts no more
    attempts = CASE WHEN s.failed_at < (SELECT f.advanced_at FROM imat_catalog.frontier f WHERE f.imat_id = imat) THEN 0 ELSE s.attempts END + (what <> 'finish')::integer,
    begun_at = CASE WHEN what <> 'finish' THEN now_at END,
    next_attempt_at = CASE WHEN what = 'finish' THEN s.next_attempt_at ELSE now_at + retry_ms * interval '1 ms' END
  WHERE s.imat_id = imat AND s.worker = holder AND s.lease_until IS NOT NULL;
  RETURN FOUND;
END $$;

-- Keeps a worker's leases; an attempt that is cut off is tried again so long after the last sign of it.
CREATE FUNCTION imat_catalog.renew(units integer[], holder text, lease_ms integer) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog
AS $$
  UPDATE imat_catalog.schedule s SET lease_until = n.until,
    next_attempt_at = CASE WHEN s.begun_at IS NULL THEN s.next_attempt_at ELSE s.next_attempt_at + (n.until - s.lease_until) END
  FROM (SELECT clock_timestamp() + lease_ms * interval '1 ms' AS until) n
  WHERE s.worker = holder AND s.imat_id = ANY (units) AND s.lease_until IS NOT NULL;
  UPDATE imat_catalog.request q SET lease_until = n.until, next_attempt_at = q.next_attempt_at + (n.until - q.lease_until)
  FROM (SELECT clock_timestamp() + lease_ms * interval '1 ms' AS until) n
  WHERE q.worker = holder AND q.carried_out_at IS NULL AND 0 = ANY (units) AND q.lease_until IS NOT NULL;
$$;

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
  -- What is finished has been stored, and counted, before; that it works says nothing of the next swap.
  IF what = 'finish' AND code IS NULL THEN RETURN; END IF;
  UPDATE imat_catalog.schedule s SET
    last_action = what, last_reason = why, last_ended_at = now_at, last_ms = took_ms, last_rows = touched,
    stored_at = CASE WHEN code IS NULL THEN now_at - took_ms * interval '1 ms' ELSE s.stored_at END,
    finish_tried_at = CASE WHEN what = 'finish' THEN now_at ELSE s.finish_tried_at END,
    attempts = CASE WHEN code IS NULL THEN 0 ELSE s.attempts + (s.begun_at IS NULL)::integer END,
    begun_at = NULL,
    -- With a lost connection went the answer: what has been stored since it began lifts the error.
    failed_at = CASE WHEN code = 'IM015' THEN coalesce(s.begun_at, now_at) WHEN code IS NOT NULL THEN now_at END,
    next_attempt_at = CASE WHEN code IS NULL THEN NULL WHEN retry_ms IS NULL THEN 'infinity' ELSE now_at + retry_ms * interval '1 ms' END,
    error_code = code, error = message, error_detail = more, error_hint = advice,
    signature = CASE WHEN code IS NULL AND what IN ('swap', 'publish') THEN fresh_signature ELSE s.signature END,
    fold_ms = CASE WHEN code IS NULL AND what = 'fold' THEN coalesce(0.75 * s.fold_ms + 0.25 * took_ms, took_ms) ELSE s.fold_ms END,
    -- Of a handful of rows the time is mostly not the rows'.
    fold_ms_per_row = CASE WHEN code IS NULL AND what = 'fold' AND found_rows >= 1000
      THEN coalesce(0.75 * s.fold_ms_per_row + 0.25 * took_ms / found_rows, took_ms / found_rows) ELSE s.fold_ms_per_row END,
    rebuild_ms = CASE WHEN code IS NULL AND what IN ('swap', 'rebuild', 'load') THEN coalesce(0.75 * s.rebuild_ms + 0.25 * took_ms, took_ms) ELSE s.rebuild_ms END
  -- Who was frozen past its lease has nothing to say of what another worker is at.
  WHERE s.imat_id = imat AND NOT coalesce(s.worker <> by_worker AND s.lease_until > now_at, false);
END $$;

-- Lends the oldest open request to a worker, and notes the attempt as if it had failed: see begin_attempt.
CREATE FUNCTION imat_catalog.lease_request(candidate text, lease_ms integer, first_ms integer, most_ms integer)
RETURNS TABLE (id bigint, name text, attempts integer)
LANGUAGE sql
SET search_path = pg_catalog
AS $$
  UPDATE imat_catalog.request q SET worker = candidate, lease_until = clock_timestamp() + lease_ms * interval '1 ms', attempts = q.attempts + 1,
    next_attempt_at = clock_timestamp() + LEAST(most_ms, first_ms * 2.0 ^ LEAST(q.attempts, 20)) * interval '1 ms',
    error_code = CASE WHEN q.lease_until IS NULL THEN q.error_code ELSE 'IM015' END,
    error = CASE WHEN q.lease_until IS NULL THEN q.error ELSE imat_catalog.cut_off_message() END,
    error_detail = CASE WHEN q.lease_until IS NULL THEN q.error_detail END, error_hint = CASE WHEN q.lease_until IS NULL THEN q.error_hint END
  WHERE q.id = (
    SELECT o.id FROM imat_catalog.request o
    WHERE o.carried_out_at IS NULL AND coalesce(o.next_attempt_at <= clock_timestamp(), true) AND imat_catalog.is_leased(o.lease_until, o.worker) IS NOT TRUE
    ORDER BY o.id LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  RETURNING q.id, q.name, q.attempts
$$;

-- The call that users of the PL/pgSQL predecessor know. SQL alone cannot parse a definition: the request is recorded, a worker
-- carries it out, and calling it again tells how that went. What has failed is asked again no sooner than a minute later.
CREATE OR REPLACE FUNCTION imat.create_imat(name text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  last record;
  made text;
  by_hand text := format('imat convert %s', CASE WHEN name ~ '^[A-Za-z0-9_.]+$' THEN name ELSE '''' || replace(name, '''', '''\''''') || '''' END);
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'imat.create_imat needs the name of a materialized view';
  END IF;
  IF NOT (has_schema_privilege('imat_catalog', 'USAGE') AND has_table_privilege('imat_catalog.request', 'SELECT, INSERT')) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('role "%s" may not ask for imats', current_user),
      HINT = format('The owner of the schema imat_catalog can: %s.', (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = 'imat_catalog'));
  END IF;
  SELECT * INTO last FROM imat_catalog.request r WHERE r.name = create_imat.name ORDER BY r.id DESC LIMIT 1;
  -- A view may be called by other names than its imat.
  SELECT i.name INTO made FROM imat_catalog.imat i WHERE i.state = 'active' AND (i.id = last.imat_id OR i.name = create_imat.name)
  ORDER BY i.id = last.imat_id DESC NULLS LAST LIMIT 1;
  IF FOUND THEN
    RETURN format('imat "%s" exists already: read imat.%I', made, made);
  END IF;
  IF last.carried_out_at > clock_timestamp() - interval '1 minute' THEN
    RETURN format('failed: %s (%s). To ask again, call this a minute later; or run: %s', last.error, last.error_code, by_hand);
  END IF;
  IF last.id IS NULL OR last.carried_out_at IS NOT NULL THEN
    INSERT INTO imat_catalog.request (name) VALUES (name);
  END IF;
  RETURN format('recorded: a running imat worker will carry this out; or do it now with: %s', by_hand)
    || CASE WHEN last.lease_until < clock_timestamp() THEN format('. The last attempt failed: %s (IM015)', imat_catalog.cut_off_message())
         WHEN last.error IS NULL THEN '' ELSE format('. The last attempt failed: %s (%s)', last.error, last.error_code) END;
END $$;
