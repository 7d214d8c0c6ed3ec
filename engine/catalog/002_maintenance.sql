-- Maintenance: what is pending, who may take it in, and the fold.

-- What a view raises where the frontier that its reader's snapshot shows is not that of the table it reads.
CREATE FUNCTION imat_catalog.no_frontier(name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
AS $$
BEGIN
  IF pg_catalog.pg_is_in_recovery() AND EXISTS (
    SELECT FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id OPERATOR(pg_catalog.=) i.id WHERE i.name OPERATOR(pg_catalog.=) no_frontier.name AND f.here
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = pg_catalog.format('imat "%s" was swapped after this transaction''s snapshot was taken', name),
      DETAIL = 'The primary does not know what is read on a standby, and keeps no older table for it.', HINT = 'Try again in a new transaction.';
  END IF;
  RAISE EXCEPTION USING
    ERRCODE = 'IM017',
    MESSAGE = pg_catalog.format('imat "%s" has no frontier for its stored table', name),
    DETAIL = 'The database was restored into another cluster, or the imat was never loaded.',
    HINT = pg_catalog.format('Run imat revert %s, then imat convert.', name);
END $$;
-- Views call it, and a function in a view is run by whoever reads.
GRANT EXECUTE ON FUNCTION imat_catalog.no_frontier(text) TO PUBLIC;

-- Whether a stored table is what the reader's snapshot knows as the imat's; raises where it is not. Asked once a read. A function,
-- because a subquery in a view's condition keeps the planner from parallel plans.
CREATE FUNCTION imat_catalog.is_stored(imat integer, stored oid, name text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
AS $$
BEGIN
  PERFORM FROM imat_catalog.frontier f WHERE f.imat_id OPERATOR(pg_catalog.=) imat AND f.state_relation OPERATOR(pg_catalog.=) stored AND f.here;
  IF NOT FOUND THEN PERFORM imat_catalog.no_frontier(name); END IF;
  RETURN true;
END $$;
GRANT EXECUTE ON FUNCTION imat_catalog.is_stored(integer, oid, text) TO PUBLIC;

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
    RAISE EXCEPTION USING ERRCODE = 'IM017', MESSAGE = format('imat "%s" is not loaded yet', wanted),
      HINT = format('If no imat convert is under way, run imat revert %s and convert again.', wanted);
  END IF;
  RETURN found_imat;
END $$;

-- Whether a transaction of the last two thousand million, by its 32 bits, has committed.
CREATE FUNCTION imat_catalog.is_committed(id xid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT id <> '0'::xid AND coalesce(pg_xact_status((n.now - (((n.now - id::text::bigint) & 4294967295) + 2147483648 & 4294967295) + 2147483648)::text::xid8) = 'committed', false)
  FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS now) n
$$;

-- The rules of the ordinary views that a definition reads, at any depth, as 'view:version': a view that is replaced has another
-- version, one that is renamed has not. One that was replaced after the snapshot was taken shows that by the xmax of the row that the
-- snapshot sees.
CREATE FUNCTION imat_catalog.rules_read(definition oid) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  WITH RECURSIVE reads AS (
    SELECT definition AS view
    UNION
    SELECT c.oid
    FROM reads s JOIN pg_rewrite r ON r.ev_class = s.view
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
      JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'v'
    WHERE NOT EXISTS (SELECT FROM imat_catalog.imat o WHERE o.relation = c.oid)
  )
  SELECT coalesce(array_agg(r.ev_class || ':' || r.xmin || CASE WHEN imat_catalog.is_committed(r.xmax) THEN ':' || r.xmax ELSE '' END ORDER BY r.ev_class), '{}')
  FROM reads s JOIN pg_rewrite r ON r.ev_class = s.view WHERE s.view <> definition
$$;

-- Raises where the definition is not what was converted, or must not be run by this role: its functions run with the rights of
-- whoever runs it, so where they belong to somebody who is not a superuser, that must be the imat's owner, who could call them
-- anyway. And whoever owns a view that it reads could put functions of theirs in later.
CREATE FUNCTION imat_catalog.check_definition(imat integer) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
  target imat_catalog.imat;
  owner name;
  replaced text;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  SELECT pg_get_userbyid(c.relowner) INTO owner FROM pg_class c WHERE c.oid = target.definition_view;
  IF target.untrusted AND owner <> current_user THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('imat "%s" calls functions of roles that are not superusers', target.name),
      DETAIL = 'They would run with your rights.', HINT = format('Connect as %I, who owns the imat.', owner);
  END IF;
  SELECT string_agg(split_part(u.rule, ':', 1)::oid::regclass::text, ', ') INTO replaced
  FROM unnest(imat_catalog.rules_read(target.definition_view)) u(rule) WHERE u.rule <> ALL (target.rules_read);
  IF replaced IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'IM021', MESSAGE = format('a view that imat "%s" reads was replaced: %s', target.name, replaced),
      DETAIL = 'What is stored and captured is for the view as it was.', HINT = format('Run imat revert %s, then imat convert.', target.name);
  END IF;
END $$;

-- What keeps the views that a definition reads as they are until the transaction ends, empty where it reads none. What is checked
-- after it is what runs, also in a transaction whose snapshot is older.
CREATE FUNCTION imat_catalog.view_locks(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  SELECT coalesce('LOCK TABLE ' || string_agg(split_part(u.rule, ':', 1)::oid::regclass::text, ', ') || ' IN ACCESS SHARE MODE;', '')
  FROM imat_catalog.imat i, unnest(imat_catalog.rules_read(i.definition_view)) u(rule) WHERE i.id = imat
$$;

-- Runs DDL that needs short exclusive locks, all of them or none: rather than stand in the queue for one for longer than 25 ms,
-- which would make others queue behind it, it starts again. Two locks one after the other: whoever comes meanwhile waits for both.
-- 10 attempts take some 1.5 s.
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
    EXCEPTION WHEN lock_not_available OR internal_error THEN
      -- Internal: somebody else's GRANT or COMMENT on it at the same moment ("tuple concurrently updated").
      IF attempt = attempts THEN
        IF SQLSTATE = 'XX000' THEN RAISE; END IF;
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
