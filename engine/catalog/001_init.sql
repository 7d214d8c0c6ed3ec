-- imat 0.1: the catalog. Run in one transaction, with search_path = pg_catalog.

CREATE SCHEMA imat_store;

-- A schema imat that is there already is the user's own: its rights and comment stay, and so does it when imat goes.
DO $$ BEGIN
  IF to_regnamespace('imat') IS NULL THEN
    CREATE SCHEMA imat;
    COMMENT ON SCHEMA imat IS 'imat: incrementally maintained views, and the SQL API';
    -- The views in imat have rights of their own; knowing that the schema is there gives nobody anything.
    GRANT USAGE ON SCHEMA imat TO PUBLIC;
  END IF;
END $$;

COMMENT ON SCHEMA imat_catalog IS 'imat: metadata; read imat_catalog.status';
COMMENT ON SCHEMA imat_store IS 'imat: change logs and stored tables';

-- Its column names are what the API and status show.
CREATE TABLE imat_catalog.imat (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  strategy text NOT NULL CHECK (strategy IN ('delta', 'swap')),
  freshness text NOT NULL,
  -- installing: capture is in place, the state is not loaded yet
  -- reverting: what it consisted of is gone, capture may not be yet
  state text NOT NULL CHECK (state IN ('installing', 'active', 'reverting')),
  -- what PostgreSQL printed of the definition when it was converted
  definition text NOT NULL,
  definition_view regclass,
  relation regclass,
  -- the materialized view it was made from; NULL for imat create
  original regclass,
  -- with --replace: the ordinary view in the original's place, and the name the original had
  replacement regclass,
  original_schema text,
  original_name text,
  reasons jsonb NOT NULL DEFAULT '[]',
  notes jsonb NOT NULL DEFAULT '[]',
  -- delta: the stored table, and the function that folds into it
  stored regclass,
  fold_function text,
  -- swap: the two slots, of which frontier.state_relation names the active one, and the view's body for each situation:
  -- {"slots": [a, b], "views": [reading a, reading b], "both": reading whichever is active}
  swap jsonb,
  -- whether it calls functions of roles that are not superusers: then only its owner may run the definition
  untrusted boolean NOT NULL,
  -- whether its answer changes only when its sources do
  watchable boolean NOT NULL,
  -- swap: NULL, 'filling' (the two-slot view is in place) or 'switched' (the previous slot waits to be dropped)
  swap_phase text CHECK (swap_phase IN ('filling', 'switched')),
  -- swap: the transactions that may still read the previous slot
  swap_waits_for text[],
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Whether imat is writing, not a restore. IMMUTABLE only so that a generated column may use it.
CREATE FUNCTION imat_catalog.is_maintaining() RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT COALESCE(pg_catalog.current_setting('imat.maintaining', true), '') OPERATOR(pg_catalog.=) 'on' $$;

CREATE TABLE imat_catalog.source (
  relation regclass PRIMARY KEY,
  log regclass NOT NULL,
  -- the capture functions that imat made, by event
  capture jsonb NOT NULL,
  -- whether the extension table_change_tracker captures its rows
  by_extension boolean NOT NULL,
  -- whether imat has asked that extension to tell when the table has changed
  tracked boolean NOT NULL DEFAULT false,
  -- logged columns by attribute number; NULL: one mark per statement
  columns smallint[],
  -- logs that a restore brought along, which the imats that came with them name still; they go with the last imat
  former_logs regclass[] NOT NULL DEFAULT '{}',
  -- false after a restore, when the log came along: see imat_catalog.frontier
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED
);

CREATE TABLE imat_catalog.imat_source (
  imat_id integer NOT NULL REFERENCES imat_catalog.imat ON DELETE CASCADE,
  relation regclass NOT NULL,
  -- what this imat needs logged; NULL: any change of the source counts and marks suffice
  columns smallint[],
  PRIMARY KEY (imat_id, relation)
);
CREATE INDEX ON imat_catalog.imat_source (relation);

-- Every transaction visible in snapshot is in the state. After a dump and restore into another cluster, transaction ids mean
-- nothing: there the state's table has another OID (so state_relation is no regclass), and where it has the same by chance,
-- here is false: a dump leaves generated columns out, and the restore computes them anew.
CREATE TABLE imat_catalog.frontier (
  imat_id integer PRIMARY KEY REFERENCES imat_catalog.imat ON DELETE CASCADE,
  state_relation oid NOT NULL,
  snapshot pg_snapshot NOT NULL,
  advanced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);

CREATE TABLE imat_catalog.request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  requested_by name NOT NULL DEFAULT session_user,
  requested_at timestamptz NOT NULL DEFAULT now(),
  -- NULL while nobody has carried it out
  carried_out_at timestamptz,
  error text
);

CREATE FUNCTION imat_catalog.no_frontier(name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = 'object_not_in_prerequisite_state',
    MESSAGE = pg_catalog.format('imat "%s" has no frontier for its stored table', name),
    DETAIL = 'The database was restored into another cluster, or the imat was never loaded.',
    HINT = pg_catalog.format('Run imat revert %s, then imat convert.', name);
END $$;
-- Views call it, and a function in a view is run by whoever reads.
GRANT EXECUTE ON FUNCTION imat_catalog.no_frontier(text) TO PUBLIC;

-- What PostgreSQL says to a COMMIT where there can be none, in the server's language: a function is such a place.
CREATE FUNCTION imat_catalog.commit_refusal() RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  COMMIT;
EXCEPTION WHEN invalid_transaction_termination THEN
  RETURN SQLERRM;
END $$;

-- Raises a clear error inside a transaction block or a function, before anything is locked. COMMIT fails in a block with an
-- exception handler in any case; the message tells whether because of that.
CREATE PROCEDURE imat_catalog.require_no_transaction(caller text)
LANGUAGE plpgsql
AS $$
DECLARE
  refusal text;
BEGIN
  BEGIN
    COMMIT;
  EXCEPTION WHEN invalid_transaction_termination THEN
    refusal := SQLERRM;
  END;
  IF refusal OPERATOR(pg_catalog.=) imat_catalog.commit_refusal() THEN
    RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction', MESSAGE = pg_catalog.format('%s cannot run inside a transaction block or a function', caller),
      DETAIL = 'It begins and ends transactions of its own.', HINT = 'Call it by itself, with autocommit on.';
  END IF;
END $$;

-- Log rows that the next fold or swap of an imat takes in. What is pending has an xid at or after the frontier's xmin, which an
-- index can find where there is one.
CREATE FUNCTION imat_catalog.pending_rows(imat integer) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  logs regclass;
  counted bigint;
  total bigint := 0;
  since pg_snapshot;
BEGIN
  SELECT f.snapshot INTO since FROM imat_catalog.frontier f WHERE f.imat_id = imat;
  IF since IS NULL THEN RETURN 0; END IF;
  FOR logs IN
    SELECT s.log FROM imat_catalog.imat_source i JOIN imat_catalog.source s USING (relation)
    WHERE i.imat_id = imat AND EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log)
  LOOP
    EXECUTE format('SELECT count(*) FROM %s l WHERE l.xid >= pg_snapshot_xmin($1) AND NOT pg_visible_in_snapshot(l.xid, $1)', logs)
    INTO counted USING since;
    total := total + counted;
  END LOOP;
  RETURN total;
END $$;

-- Deletes the log rows that every imat on a source has taken in. While an imat on it is being loaded nothing is deleted:
-- its frontier is not there yet and may be older than all others.
--
-- What every frontier has passed is older than the least xmax of them, which an index can find where there is one.
--
-- A hundred rows always stay, the first in the file. Were a log ever vacuumed empty, the planner would take it for empty from then
-- on, and join a thousand pending rows with each other by nested loops.
CREATE FUNCTION imat_catalog.clean_log(source oid) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog
-- Scans then begin with the first row in the file.
SET synchronize_seqscans = off
AS $$
DECLARE
  frontiers pg_snapshot[];
  loading boolean;
  logs regclass;
  deleted bigint;
BEGIN
  -- One statement, so that no imat can come in between the question and the frontiers.
  SELECT array_agg(f.snapshot) FILTER (WHERE f.imat_id IS NOT NULL), bool_or(i.state = 'installing') INTO frontiers, loading
  FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id LEFT JOIN imat_catalog.frontier f ON f.imat_id = z.imat_id
  WHERE z.relation = source;
  IF loading THEN RETURN 0; END IF;
  SELECT s.log INTO logs FROM imat_catalog.source s WHERE s.relation = source;
  IF frontiers IS NULL OR logs IS NULL THEN RETURN 0; END IF;
  EXECUTE format(
    'DELETE FROM %1$s l WHERE l.ctid > (SELECT max(h.ctid) FROM (SELECT k.ctid FROM %1$s k LIMIT 100) h) AND %2$s AND l.xid < $2', logs,
    (SELECT string_agg(format('pg_visible_in_snapshot(l.xid, $1[%s])', n), ' AND ') FROM generate_subscripts(frontiers, 1) n)
  ) USING frontiers, (SELECT min(pg_snapshot_xmax(s)) FROM unnest(frontiers) s);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;

CREATE FUNCTION imat_catalog.has_pending(imat integer) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  logs regclass;
  found_some boolean;
  since pg_snapshot;
BEGIN
  SELECT f.snapshot INTO since FROM imat_catalog.frontier f WHERE f.imat_id = imat;
  FOR logs IN SELECT s.log FROM imat_catalog.imat_source i JOIN imat_catalog.source s USING (relation) WHERE i.imat_id = imat LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s l WHERE l.xid >= pg_snapshot_xmin($1) AND NOT pg_visible_in_snapshot(l.xid, $1))', logs)
    INTO found_some USING since;
    IF found_some THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;

-- Looks an imat up by name for the procedures below.
CREATE FUNCTION imat_catalog.find(wanted text) RETURNS imat_catalog.imat
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  found_imat imat_catalog.imat;
BEGIN
  SELECT * INTO found_imat FROM imat_catalog.imat i WHERE i.name = wanted;
  IF found_imat.id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('imat "%s" does not exist', wanted),
      HINT = 'SELECT name FROM imat_catalog.status lists the imats of this database.';
  END IF;
  IF found_imat.state <> 'active' THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('imat "%s" is not loaded yet', wanted),
      HINT = format('If no imat convert is under way, run imat revert %s and convert again.', wanted);
  END IF;
  RETURN found_imat;
END $$;

-- A definition's functions run with the rights of whoever runs it: where they belong to somebody who is not a superuser,
-- that must be the imat's owner, who could call them anyway.
CREATE FUNCTION imat_catalog.check_trust(imat integer) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  target imat_catalog.imat;
  owner name;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  SELECT pg_get_userbyid(c.relowner) INTO owner FROM pg_class c WHERE c.oid = target.definition_view;
  IF target.untrusted AND owner <> current_user THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('imat "%s" calls functions of roles that are not superusers', target.name),
      DETAIL = 'They would run with your rights.', HINT = format('Connect as %I, who owns the imat.', owner);
  END IF;
END $$;

-- Runs DDL that needs short exclusive locks, all of them or none: rather than stand in the queue for one for longer than 25 ms,
-- which would make others queue behind it, it starts again. Two locks one after the other: whoever comes meanwhile waits for both.
-- 80 attempts take about 20 s.
CREATE FUNCTION imat_catalog.with_short_locks(what text, commands text, attempts integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
SET lock_timeout = '25ms'
AS $$
BEGIN
  FOR attempt IN 1..attempts LOOP
    BEGIN
      EXECUTE commands;
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      IF attempt = attempts THEN
        RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = format('could not lock %s in time', what),
          DETAIL = 'A transaction that has read it is still open.', HINT = 'Try again when it has ended.';
      END IF;
      PERFORM pg_sleep(0.02 * least(attempt, 10));
    END;
  END LOOP;
END $$;

-- Locks an imat's sources so that nobody truncates or rewrites them until the transaction ends, and returns whether nobody
-- did so between the transaction's snapshot and the locks. TRUNCATE and rewrites are not MVCC: an older snapshot then
-- reads such a table as empty, and what is computed from it would be wrong for good.
CREATE FUNCTION imat_catalog.hold_sources(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  source regclass;
BEGIN
  FOR source IN
    SELECT z.relation::regclass FROM imat_catalog.imat_source z
    WHERE z.imat_id = imat AND EXISTS (SELECT FROM pg_class c WHERE c.oid = z.relation) ORDER BY z.relation
  LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', source);
  END LOOP;
  -- pg_class is read by the snapshot, the function looks at what is there now.
  RETURN NOT EXISTS (
    SELECT FROM imat_catalog.imat_source z JOIN pg_class c ON c.oid = z.relation
    WHERE z.imat_id = imat AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
  );
END $$;

-- Makes this transaction the one that moves an imat's frontier, or returns false where another one does, or has done so since
-- this one's snapshot. The advisory lock (1768776052 is imat's class) ends with the transaction, however that ends; a session's
-- lock would survive a cancelled statement.
CREATE FUNCTION imat_catalog.claim(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  -- Not in a SET clause of the function: only superusers may name a parameter there that PostgreSQL does not know.
  PERFORM set_config('imat.maintaining', 'on', true);
  IF NOT pg_try_advisory_xact_lock(1768776052, imat) THEN RETURN false; END IF;
  UPDATE imat_catalog.frontier f SET advanced_at = clock_timestamp() WHERE f.imat_id = imat;
  RETURN FOUND;
EXCEPTION WHEN serialization_failure THEN
  RETURN false;
END $$;

-- Moves the frontier to this transaction's snapshot, which `claim` has made sure of.
CREATE FUNCTION imat_catalog.advance(imat integer, stored oid) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog
AS $$
  SELECT set_config('imat.maintaining', 'on', true);
  UPDATE imat_catalog.frontier f SET state_relation = stored, snapshot = pg_current_snapshot(), advanced_at = clock_timestamp() WHERE f.imat_id = imat;
$$;

-- Moves what is pending into the state, in one REPEATABLE READ transaction. The setting imat.rows is then the number of stored
-- rows that it touched: a parameter to return it could not be left out in PL/pgSQL.
--
-- It waits for a fold of the same imat that is under way, but outside of the transaction whose snapshot counts, and together
-- with all others that wait.
CREATE OR REPLACE PROCEDURE imat.fold(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  rows bigint;
  emptied integer := 0;
  sources pg_catalog.oid[];
  source pg_catalog.oid;
BEGIN
  CALL imat_catalog.require_no_transaction('imat.fold');
  LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    target := imat_catalog.find(name);
    IF target.strategy OPERATOR(pg_catalog.<>) 'delta' THEN
      RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = pg_catalog.format('imat "%s" has the strategy swap', name),
        HINT = pg_catalog.format('CALL imat.swap(%L) stores its definition anew.', name);
    END IF;
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(1768776052, target.id);
    COMMIT;

    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    target := imat_catalog.find(name);
    IF NOT EXISTS (
      SELECT FROM imat_catalog.frontier f
      WHERE f.imat_id OPERATOR(pg_catalog.=) target.id AND f.state_relation OPERATOR(pg_catalog.=) target.stored::pg_catalog.oid AND f.here
    ) THEN
      PERFORM imat_catalog.no_frontier(name);
    END IF;
    sources := ARRAY(SELECT i.relation FROM imat_catalog.imat_source i WHERE i.imat_id OPERATOR(pg_catalog.=) target.id ORDER BY 1);
    rows := 0;
    EXIT WHEN NOT imat_catalog.has_pending(target.id);
    IF NOT imat_catalog.hold_sources(target.id) THEN
      emptied := emptied OPERATOR(pg_catalog.+) 1;
      IF emptied OPERATOR(pg_catalog.>) 100 THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = pg_catalog.format('the sources of imat "%s" are truncated or rewritten all the time', name);
      END IF;
    ELSIF imat_catalog.claim(target.id) THEN
      EXECUTE pg_catalog.format('SELECT %s()', target.fold_function) INTO rows;
      PERFORM imat_catalog.advance(target.id, target.stored);
      EXIT;
    END IF;
    ROLLBACK;
  END LOOP;
  PERFORM pg_catalog.set_config('imat.rows', rows::pg_catalog.text, false);
  FOREACH source IN ARRAY sources LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
END $$;

-- Who may read one relation may read another, and nobody else, whatever default privileges gave. Other rights are left out:
-- a materialized view cannot be written to, and a view in its place must not be.
CREATE FUNCTION imat_catalog.copy_grants(source regclass, target regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  command text;
BEGIN
  FOR command IN
    SELECT format('REVOKE ALL ON %s FROM %s', target, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = target AND a.grantee <> c.relowner
    UNION ALL
    SELECT format('GRANT SELECT%s ON %s TO %s%s', ' (' || r.columns || ')', target,
      CASE WHEN r.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END,
      CASE WHEN r.is_grantable AND r.grantee <> 0 THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM (
      SELECT NULL AS columns, a.grantee, a.is_grantable FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = source AND a.grantee <> c.relowner AND a.privilege_type = 'SELECT'
      UNION ALL
      SELECT quote_ident(t.attname), a.grantee, a.is_grantable FROM pg_attribute t, aclexplode(t.attacl) a
      WHERE t.attrelid = source AND t.attnum > 0 AND NOT t.attisdropped AND a.privilege_type = 'SELECT'
    ) r
  LOOP
    EXECUTE command;
  END LOOP;
END $$;

-- Ends a swap whose new table is in place: once no transaction is left that could still read the previous slot, the view
-- reads the active slot alone and the previous one is dropped. Returns whether there is nothing (more) to do; raises where it
-- cannot have the locks.
CREATE FUNCTION imat_catalog.finish_swap(imat integer, attempts integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  target imat_catalog.imat;
  active oid;
  slot integer;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  IF target.swap_phase IS NULL THEN RETURN true; END IF;
  SELECT f.state_relation INTO active FROM imat_catalog.frontier f WHERE f.imat_id = imat;
  slot := CASE WHEN to_regclass(target.swap->'slots'->>0)::oid = active THEN 0 ELSE 1 END;
  IF target.swap_phase = 'switched' THEN
    IF target.swap_waits_for IS NULL THEN
      -- Without a role: autovacuum, which reads no view and may take hours.
      UPDATE imat_catalog.imat i
      SET swap_waits_for = ARRAY(
        SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
          AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      )
      WHERE i.id = imat RETURNING i.* INTO target;
    END IF;
    IF EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'virtualxid' AND l.virtualtransaction = ANY (target.swap_waits_for)) THEN
      RETURN false;
    END IF;
  END IF;
  -- In the phase 'filling' nobody has ever read the other slot: it can go at once. Both commands or none: while one waited for
  -- its lock, readers would wait for the other's.
  PERFORM imat_catalog.with_short_locks(
    format('view imat.%I', target.name),
    format('CREATE OR REPLACE VIEW imat.%I AS %s; DROP TABLE IF EXISTS %s', target.name, target.swap->'views'->>slot, target.swap->'slots'->>(1 - slot)),
    attempts
  );
  UPDATE imat_catalog.imat i SET swap_phase = NULL, swap_waits_for = NULL WHERE i.id = imat;
  RETURN true;
END $$;

-- The same where it can be done at once, by nobody else at the same time.
CREATE FUNCTION imat_catalog.try_finish_swap(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  RETURN pg_try_advisory_xact_lock(1768776052, imat) AND imat_catalog.finish_swap(imat, 1);
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

-- Stores the definition anew and switches to it by a row, not by a command, so that every snapshot, older ones included,
-- reads the table that belongs to it: (1) a view that reads whichever slot is active; (2) in one REPEATABLE READ transaction,
-- fill the other slot and make it the active one; (3) when nobody can read the previous slot any more, drop it.
-- Interrupted anywhere, the next call goes on from the catalog.
CREATE OR REPLACE PROCEDURE imat.swap(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  active pg_catalog.oid;
  fresh pg_catalog.text;
  rows bigint;
  sources pg_catalog.oid[];
  source pg_catalog.oid;
  finished boolean;
BEGIN
  CALL imat_catalog.require_no_transaction('imat.swap');

  -- (1)
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  target := imat_catalog.find(name);
  IF target.strategy OPERATOR(pg_catalog.<>) 'swap' THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = pg_catalog.format('imat "%s" has the strategy delta', name),
      HINT = pg_catalog.format('CALL imat.fold(%L) brings its stored table up to date.', name);
  END IF;
  PERFORM imat_catalog.check_trust(target.id);
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
  fresh := target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>)
    CASE WHEN pg_catalog.to_regclass(target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>) 0)::pg_catalog.oid OPERATOR(pg_catalog.=) active THEN 1 ELSE 0 END;
  EXECUTE pg_catalog.format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', fresh, active::pg_catalog.regclass);
  PERFORM imat_catalog.copy_grants(active, pg_catalog.to_regclass(fresh));
  PERFORM imat_catalog.with_short_locks(
    pg_catalog.format('view imat.%I', name),
    pg_catalog.format('CREATE OR REPLACE VIEW imat.%I AS %s', name, target.swap OPERATOR(pg_catalog.->>) 'both'),
    80
  );
  UPDATE imat_catalog.imat i SET swap_phase = 'filling', swap_waits_for = NULL WHERE i.id OPERATOR(pg_catalog.=) target.id;
  sources := ARRAY(SELECT i.relation FROM imat_catalog.imat_source i WHERE i.imat_id OPERATOR(pg_catalog.=) target.id ORDER BY 1);
  COMMIT;

  -- (2)
  FOR attempt IN 1..100 LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    IF NOT imat_catalog.claim(target.id) OR NOT EXISTS (
      SELECT FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id OPERATOR(pg_catalog.=) i.id
      WHERE i.id OPERATOR(pg_catalog.=) target.id AND i.swap_phase OPERATOR(pg_catalog.=) 'filling' AND f.state_relation OPERATOR(pg_catalog.=) active
    ) THEN
      RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = pg_catalog.format('imat "%s" is being swapped by another session', name),
        HINT = 'Try again, if it must be swapped once more.';
    END IF;
    EXIT WHEN imat_catalog.hold_sources(target.id);
    ROLLBACK;
    IF attempt OPERATOR(pg_catalog.=) 100 THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = pg_catalog.format('the sources of imat "%s" are truncated or rewritten all the time', name);
    END IF;
  END LOOP;
  -- What depends on session settings is stored under those that convert found; the view compares them.
  PERFORM pg_catalog.set_config(s.key, s.value, true) FROM pg_catalog.jsonb_each_text(target.swap OPERATOR(pg_catalog.->) 'settings') s;
  EXECUTE pg_catalog.format('INSERT INTO %s SELECT * FROM %s', fresh, target.definition_view);
  GET DIAGNOSTICS rows = ROW_COUNT;
  PERFORM pg_catalog.set_config('imat.rows', rows::pg_catalog.text, false);
  EXECUTE pg_catalog.format('ANALYZE %s', fresh);
  PERFORM imat_catalog.advance(target.id, pg_catalog.to_regclass(fresh));
  UPDATE imat_catalog.imat i SET swap_phase = 'switched' WHERE i.id OPERATOR(pg_catalog.=) target.id;
  COMMIT;

  -- (3) Nobody waits for this: what cannot be dropped now is dropped by the next swap.
  FOR attempt IN 1..10 LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    finished := imat_catalog.try_finish_swap(target.id);
    COMMIT;
    EXIT WHEN finished;
    PERFORM pg_catalog.pg_sleep(0.1);
  END LOOP;
  FOREACH source IN ARRAY sources LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
END $$;

-- The call that users of the PL/pgSQL predecessor know. SQL alone cannot parse a definition: the request is recorded.
CREATE OR REPLACE FUNCTION imat.create_imat(name text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  IF EXISTS (SELECT FROM imat_catalog.imat i WHERE i.name = create_imat.name AND i.state = 'active') THEN
    RETURN format('imat "%s" exists already: read imat.%I', name, name);
  END IF;
  IF NOT EXISTS (SELECT FROM imat_catalog.request r WHERE r.name = create_imat.name AND r.carried_out_at IS NULL) THEN
    INSERT INTO imat_catalog.request (name) VALUES (name);
  END IF;
  RETURN format('recorded: a running imat worker will carry this out; or do it now with: imat convert %s',
    CASE WHEN name ~ '^[A-Za-z0-9_.]+$' THEN name ELSE '''' || replace(name, '''', '''\''''') || '''' END);
END $$;

CREATE VIEW imat_catalog.status AS
SELECT i.name, c.oid::regclass AS relation, i.strategy, i.freshness,
  CASE WHEN i.state = 'active' AND (c.oid IS NULL OR d.oid IS NULL OR f.here IS NOT TRUE OR s.oid IS NULL) THEN 'broken' ELSE i.state END AS state,
  CASE WHEN i.state = 'active' AND f.here THEN imat_catalog.pending_rows(i.id) ELSE 0 END AS pending_rows,
  ARRAY(SELECT z.relation::regclass FROM imat_catalog.imat_source z WHERE z.imat_id = i.id ORDER BY z.relation) AS sources,
  (SELECT o.oid::regclass FROM pg_class o WHERE o.oid = i.original) AS original,
  coalesce(pg_total_relation_size(s.oid), 0) AS state_bytes,
  (SELECT coalesce(sum(pg_total_relation_size(l.oid)), 0)::bigint
   FROM imat_catalog.imat_source z JOIN imat_catalog.source o USING (relation) JOIN pg_class l ON l.oid = o.log
   WHERE z.imat_id = i.id) AS log_bytes,
  f.advanced_at AS frontier_at
FROM imat_catalog.imat i
LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id
LEFT JOIN pg_class c ON c.oid = i.relation
LEFT JOIN pg_class d ON d.oid = i.definition_view
LEFT JOIN pg_class s ON s.oid = f.state_relation;
