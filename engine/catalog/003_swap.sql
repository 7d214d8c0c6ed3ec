-- Swap: a definition stored anew in the other of two slots, and switched to by a row.

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

-- Of the two slots, the one that is not active.
CREATE FUNCTION imat_catalog.idle_slot(swap jsonb, active oid) RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$ SELECT CASE WHEN to_regclass(swap->'slots'->>0)::oid = active THEN 1 ELSE 0 END $$;

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

-- Sessions that fold, fill or load imats which do not read this one: their transactions do nothing else.
CREATE FUNCTION imat_catalog.fills_elsewhere(imat integer) RETURNS integer[]
LANGUAGE sql STABLE
SET search_path = pg_catalog
AS $$
  WITH RECURSIVE above AS (
    SELECT imat AS id
    UNION
    SELECT r.imat_id FROM above a JOIN imat_catalog.reading r ON r.reads_imat = a.id
  )
  SELECT coalesce(array_agg(c.pid), '{}')
  FROM (
    SELECT l.pid, bool_and(EXISTS (SELECT FROM imat_catalog.imat i WHERE i.id::text = l.objid::text) AND NOT EXISTS (SELECT FROM above a WHERE a.id::text = l.objid::text)) AS elsewhere
    FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = 1768776052 AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    GROUP BY l.pid
  ) c WHERE c.elsewhere
$$;

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
  slot := 1 - imat_catalog.idle_slot(target.swap, active);
  IF target.swap_phase = 'switched' THEN
    IF target.swap_waits_for IS NULL THEN
      -- Without a role: autovacuum, which reads no view and may take hours.
      UPDATE imat_catalog.imat i
      SET swap_waits_for = ARRAY(
        SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
          AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
          AND NOT (l.pid = ANY (imat_catalog.fills_elsewhere(imat)))
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
    format('view %s', target.relation),
    format('CREATE OR REPLACE VIEW %s AS %s; DROP TABLE IF EXISTS %s', target.relation, target.swap->'views'->>slot, target.swap->'slots'->>(1 - slot)),
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

-- Makes ready the other slot to be filled: an empty table, and a view that reads whichever slot is active. False where readers
-- are in the way (a transaction that has read the view, or that began before the last swap and may read the slot still): then the
-- active slot is filled anew in place. What finish_swap notes of such transactions is for the caller to commit.
CREATE FUNCTION imat_catalog.open_slot(name text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
  target imat_catalog.imat := imat_catalog.find(name);
  active oid;
  fresh text;
BEGIN
  PERFORM pg_advisory_xact_lock(1768776052, target.id);
  target := imat_catalog.find(name);
  SELECT f.state_relation INTO active FROM imat_catalog.frontier f JOIN pg_class c ON c.oid = f.state_relation WHERE f.imat_id = target.id AND f.here;
  IF active IS NULL THEN PERFORM imat_catalog.no_frontier(name); END IF;
  IF NOT imat_catalog.finish_swap(target.id, 10) THEN RETURN false; END IF;
  fresh := target.swap->'slots'->>imat_catalog.idle_slot(target.swap, active);
  EXECUTE format('CREATE TABLE %1$s (LIKE %2$s INCLUDING ALL); ALTER TABLE %1$s REPLICA IDENTITY FULL', fresh, active::regclass);
  PERFORM imat_catalog.copy_grants(active, to_regclass(fresh));
  PERFORM imat_catalog.with_short_locks(format('view %s', target.relation), format('CREATE OR REPLACE VIEW %s AS %s', target.relation, target.swap->>'both'), 10);
  UPDATE imat_catalog.imat i SET swap_phase = 'filling', swap_waits_for = NULL WHERE i.id = target.id;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

CREATE FUNCTION imat_catalog.swapped_elsewhere(name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = format('imat "%s" is being swapped by another session', name),
    HINT = 'Try again, if it must be swapped once more.';
END $$;

-- Fills an imat with its definition's rows, in a REPEATABLE READ transaction that has locked the views it reads, claimed it and holds
-- its sources: the slot that open_slot made, which becomes the active one, or the active one in place, whose old rows stay for older
-- snapshots as any deleted rows do. Returns the number of rows. The definition's functions run here: no search_path of its own.
CREATE FUNCTION imat_catalog.fill_slot(imat integer, in_place boolean) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  active pg_catalog.oid;
  idle integer;
  place pg_catalog.text;
  bytes bigint;
  rows bigint;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id OPERATOR(pg_catalog.=) imat;
  SELECT f.state_relation INTO active FROM imat_catalog.frontier f WHERE f.imat_id OPERATOR(pg_catalog.=) imat;
  idle := imat_catalog.idle_slot(target.swap, active);
  PERFORM imat_catalog.check_definition(imat);
  -- What depends on session settings is stored under those that convert found; the view compares them.
  PERFORM pg_catalog.set_config(s.key, s.value, true) FROM pg_catalog.jsonb_each_text(target.swap OPERATOR(pg_catalog.->) 'settings') s;
  IF in_place THEN
    bytes := COALESCE(target.swap_bytes, pg_catalog.pg_relation_size(active));
    IF pg_catalog.pg_relation_size(active) OPERATOR(pg_catalog.>) (5 OPERATOR(pg_catalog.*) GREATEST(bytes, 65536))
      AND pg_catalog.pg_stat_get_dead_tuples(active) OPERATOR(pg_catalog.>) pg_catalog.pg_stat_get_live_tuples(active) THEN
      RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = pg_catalog.format('the previous rows of imat "%s" cannot be removed', target.name),
        DETAIL = 'Transactions that are still open may read them, and the stored table has grown by several times its size.',
        HINT = 'Try again when these have ended and the table has been vacuumed; imat status names those that are open for long.';
    END IF;
    place := target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>) (1 OPERATOR(pg_catalog.-) idle);
    EXECUTE pg_catalog.format('DELETE FROM %s', place);
  ELSE
    place := target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>) idle;
    IF target.swap_phase IS DISTINCT FROM 'filling' OR pg_catalog.to_regclass(place) IS NULL THEN PERFORM imat_catalog.swapped_elsewhere(target.name); END IF;
  END IF;
  EXECUTE pg_catalog.format('INSERT INTO %s SELECT * FROM %s', place, target.definition_view);
  GET DIAGNOSTICS rows = ROW_COUNT;
  EXECUTE pg_catalog.format('ANALYZE %s', place);
  PERFORM imat_catalog.advance(imat, pg_catalog.to_regclass(place));
  UPDATE imat_catalog.imat i SET
    swap_phase = CASE WHEN in_place THEN i.swap_phase ELSE 'switched' END,
    swap_bytes = CASE WHEN in_place THEN bytes ELSE pg_catalog.pg_relation_size(place) END
  WHERE i.id OPERATOR(pg_catalog.=) imat;
  RETURN rows;
END $$;

-- Stores the definition anew and switches to it by a row, not by a command, so that every snapshot, older ones included,
-- reads the table that belongs to it: (1) a view that reads whichever slot is active; (2) in one REPEATABLE READ transaction,
-- fill the other slot and make it the active one; (3) when nobody can read the previous slot any more, drop it. Where readers
-- keep it from (1), (2) fills the active slot in place. Interrupted anywhere, the next call goes on from the catalog.
CREATE OR REPLACE PROCEDURE imat.swap(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  rows bigint;
  sources pg_catalog.oid[];
  source pg_catalog.oid;
  in_place boolean;
  locks pg_catalog.text;
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
  PERFORM imat_catalog.check_definition(target.id);
  in_place := NOT imat_catalog.open_slot(name);
  sources := ARRAY(SELECT i.relation FROM imat_catalog.imat_source i WHERE i.imat_id OPERATOR(pg_catalog.=) target.id ORDER BY 1);
  locks := imat_catalog.view_locks(target.id);
  COMMIT;

  -- (2)
  FOR attempt IN 1..100 LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    EXECUTE locks;
    IF NOT imat_catalog.claim(target.id) THEN PERFORM imat_catalog.swapped_elsewhere(name); END IF;
    EXIT WHEN imat_catalog.hold_sources(target.id);
    ROLLBACK;
    IF attempt OPERATOR(pg_catalog.=) 100 THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = pg_catalog.format('the sources of imat "%s" are truncated or rewritten all the time', name);
    END IF;
  END LOOP;
  rows := imat_catalog.fill_slot(target.id, in_place);
  PERFORM pg_catalog.set_config('imat.rows', rows::pg_catalog.text, false);
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
