-- The catalog as a fresh install leaves it. Never run: test/engine/catalog/schema.pg.test.ts writes
-- and compares it. Bodies of routines and views are in functions/.

CREATE SCHEMA imat;
COMMENT ON SCHEMA imat IS
  'imat: incrementally maintained views, and the SQL API';
GRANT USAGE ON SCHEMA imat TO PUBLIC;

CREATE SCHEMA imat_catalog;
COMMENT ON SCHEMA imat_catalog IS
  'imat: metadata; read imat_catalog.status';

CREATE SCHEMA imat_store;
COMMENT ON SCHEMA imat_store IS
  'imat: change logs and stored tables';

CREATE TABLE imat_catalog.frontier (
  imat_id integer NOT NULL,
  state_relation oid NOT NULL,
  snapshot pg_snapshot NOT NULL,
  advanced_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  CONSTRAINT frontier_imat_id_fkey FOREIGN KEY (imat_id) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT frontier_pkey PRIMARY KEY (imat_id)
) WITH (fillfactor=20, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=100);
COMMENT ON TABLE imat_catalog.frontier IS
  'Up to which snapshot the state of each imat is maintained: every transaction visible in the snapshot is in the state.';

CREATE TABLE imat_catalog.history (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  imat_id integer,
  name text NOT NULL,
  worker text NOT NULL,
  action text NOT NULL,
  reason text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  times integer DEFAULT 1 NOT NULL,
  pending_rows bigint,
  pending_ms double precision,
  ms double precision,
  rows bigint,
  error_code text,
  error text,
  CONSTRAINT history_action_check CHECK ((action = ANY (ARRAY['skip'::text, 'fold'::text, 'swap'::text, 'rebuild'::text, 'finish'::text, 'publish'::text, 'load'::text, 'request'::text]))),
  CONSTRAINT history_pkey PRIMARY KEY (id)
);
CREATE INDEX history_ended_at_idx ON imat_catalog.history USING btree (ended_at);
CREATE INDEX history_imat_id_id_idx ON imat_catalog.history USING btree (imat_id, id);
COMMENT ON TABLE imat_catalog.history IS
  'What workers decided and did. Equal skips in a row share one row.';

CREATE TABLE imat_catalog.imat (
  id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text NOT NULL,
  strategy text NOT NULL,
  freshness text NOT NULL,
  state text NOT NULL,
  definition text NOT NULL,
  definition_view regclass,
  rules_read text[] DEFAULT '{}'::text[] NOT NULL,
  relation regclass,
  original regclass,
  replacement regclass,
  original_schema text,
  original_name text,
  reasons jsonb DEFAULT '[]'::jsonb NOT NULL,
  notes jsonb DEFAULT '[]'::jsonb NOT NULL,
  grants jsonb DEFAULT '[]'::jsonb NOT NULL,
  stored regclass,
  fold_function text,
  swap jsonb,
  untrusted boolean NOT NULL,
  watchable boolean NOT NULL,
  dependence text NOT NULL,
  swap_phase text,
  swap_bytes bigint,
  swap_waits_for text[],
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT imat_dependence_check CHECK ((dependence = ANY (ARRAY['tables'::text, 'settings'::text, 'moment'::text]))),
  CONSTRAINT imat_state_check CHECK ((state = ANY (ARRAY['installing'::text, 'active'::text, 'reverting'::text]))),
  CONSTRAINT imat_strategy_check CHECK ((strategy = ANY (ARRAY['delta'::text, 'swap'::text]))),
  CONSTRAINT imat_swap_phase_check CHECK ((swap_phase = ANY (ARRAY['filling'::text, 'switched'::text]))),
  CONSTRAINT imat_pkey PRIMARY KEY (id),
  CONSTRAINT imat_name_key UNIQUE (name)
);
COMMENT ON TABLE imat_catalog.imat IS
  'One row for each imat.';

CREATE TABLE imat_catalog.imat_source (
  imat_id integer NOT NULL,
  relation regclass NOT NULL,
  columns smallint[],
  CONSTRAINT imat_source_imat_id_fkey FOREIGN KEY (imat_id) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT imat_source_pkey PRIMARY KEY (imat_id, relation)
);
CREATE INDEX imat_source_relation_idx ON imat_catalog.imat_source USING btree (relation);
COMMENT ON TABLE imat_catalog.imat_source IS
  'Which captured tables each imat reads.';

CREATE TABLE imat_catalog.migration (
  version integer NOT NULL,
  applied_at timestamp with time zone DEFAULT now() NOT NULL,
  explicitly boolean NOT NULL,
  functions_hash text,
  imat_version text,
  CONSTRAINT migration_pkey PRIMARY KEY (version)
);
COMMENT ON TABLE imat_catalog.migration IS
  'The files of engine/catalog/tables that were run, and which functions are installed.';

CREATE TABLE imat_catalog.request (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text NOT NULL,
  requested_by name DEFAULT SESSION_USER NOT NULL,
  requested_at timestamp with time zone DEFAULT now() NOT NULL,
  carried_out_at timestamp with time zone,
  imat_id integer,
  worker text,
  lease_until timestamp with time zone,
  attempts integer DEFAULT 0 NOT NULL,
  next_attempt_at timestamp with time zone,
  error_code text,
  error text,
  error_detail text,
  error_hint text,
  CONSTRAINT request_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE imat_catalog.request IS
  'Imats that were asked for by imat.create_imat.';

CREATE TABLE imat_catalog.schedule (
  imat_id integer NOT NULL,
  worker text,
  lease_until timestamp with time zone,
  last_action text,
  last_reason text,
  last_ended_at timestamp with time zone,
  last_ms double precision,
  last_rows bigint,
  stored_at timestamp with time zone,
  finish_tried_at timestamp with time zone,
  attempts integer DEFAULT 0 NOT NULL,
  begun_at timestamp with time zone,
  failed_at timestamp with time zone,
  next_attempt_at timestamp with time zone,
  error_code text,
  error text,
  error_detail text,
  error_hint text,
  fold_ms double precision,
  fold_ms_per_row double precision,
  rebuild_ms double precision,
  signature text,
  CONSTRAINT schedule_imat_id_fkey FOREIGN KEY (imat_id) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT schedule_pkey PRIMARY KEY (imat_id)
) WITH (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500);
COMMENT ON TABLE imat_catalog.schedule IS
  'For each imat: which worker holds it, how the last run went and what runs cost. A row appears with the first attempt.';

CREATE TABLE imat_catalog.source (
  relation regclass NOT NULL,
  log regclass NOT NULL,
  capture jsonb NOT NULL,
  by_extension boolean NOT NULL,
  tracked boolean DEFAULT false NOT NULL,
  columns smallint[],
  former_logs regclass[] DEFAULT '{}'::regclass[] NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  CONSTRAINT source_pkey PRIMARY KEY (relation)
);
COMMENT ON TABLE imat_catalog.source IS
  'The captured tables and their change logs.';

CREATE TABLE imat_catalog.ticker (
  only_row boolean DEFAULT true NOT NULL,
  worker text,
  until timestamp with time zone,
  CONSTRAINT ticker_only_row_check CHECK (only_row),
  CONSTRAINT ticker_pkey PRIMARY KEY (only_row)
) WITH (fillfactor=20);
COMMENT ON TABLE imat_catalog.ticker IS
  'The one worker that looks for work at every tick; the others sweep.';

CREATE TABLE imat_catalog.worker (
  id text NOT NULL,
  version text NOT NULL,
  lease_ms integer NOT NULL,
  started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT worker_pkey PRIMARY KEY (id)
) WITH (fillfactor=50);
COMMENT ON TABLE imat_catalog.worker IS
  'The workers. A worker that has not been seen for a minute counts as gone.';

CREATE FUNCTION imat.create_imat(name text)
  RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat.create_imat(text) IS
  'Asks for an imat of a materialized view and returns a text that says how the request stands. A running worker carries requests out; calling it again tells the outcome.';
GRANT EXECUTE ON FUNCTION imat.create_imat(text) TO PUBLIC;

CREATE PROCEDURE imat.fold(IN name text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat.fold(text) IS
  'Folds the pending changes of an imat with the strategy delta into its state, in one transaction. CALL it outside of a transaction block. The setting imat.rows then holds the number of stored rows that it touched.';
GRANT EXECUTE ON PROCEDURE imat.fold(text) TO PUBLIC;

CREATE PROCEDURE imat.swap(IN name text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat.swap(text) IS
  'Stores the definition of an imat with the strategy swap anew and switches readers to it. CALL it outside of a transaction block. The setting imat.rows then holds the number of stored rows.';
GRANT EXECUTE ON PROCEDURE imat.swap(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.advance(imat integer, stored oid)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.advance(integer,oid) IS
  'Moves the frontier of an imat to the snapshot of this transaction, which must have claimed the imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.advance(integer,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.age_ms(at timestamp with time zone)
  RETURNS double precision
  LANGUAGE sql VOLATILE;
COMMENT ON FUNCTION imat_catalog.age_ms(timestamp with time zone) IS
  'Returns the milliseconds since a moment; NULL if the moment lies ahead, because then the clock of another server, before a failover, gave it.';
GRANT EXECUTE ON FUNCTION imat_catalog.age_ms(timestamp with time zone) TO PUBLIC;

CREATE FUNCTION imat_catalog.begin_attempt(imat integer, holder text, what text, retry_ms double precision)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.begin_attempt(integer,text,text,double precision) IS
  'Notes that an attempt begins, as if it had failed, with the time of the next one. Returns false if the worker no longer holds the lease.';
GRANT EXECUTE ON FUNCTION imat_catalog.begin_attempt(integer,text,text,double precision) TO PUBLIC;

CREATE FUNCTION imat_catalog.check_definition(imat integer)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.check_definition(integer) IS
  'Raises an error if a view that the imat reads was replaced since the conversion, or if the current role must not run the definition.';
GRANT EXECUTE ON FUNCTION imat_catalog.check_definition(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.claim(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.claim(integer) IS
  'Makes the transaction the only one that moves the imat''s frontier. Returns false if another transaction does so, or has done so since the snapshot was taken.';
GRANT EXECUTE ON FUNCTION imat_catalog.claim(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.clean_log(source oid)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog
  SET synchronize_seqscans=off;
COMMENT ON FUNCTION imat_catalog.clean_log(oid) IS
  'Deletes the rows of a source''s log that every imat on the source has taken in, and returns their number.';
GRANT EXECUTE ON FUNCTION imat_catalog.clean_log(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.commit_refusal()
  RETURNS text
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.commit_refusal() IS
  'Returns the message with which this server refuses a COMMIT inside a function, in the language of the session.';
GRANT EXECUTE ON FUNCTION imat_catalog.commit_refusal() TO PUBLIC;

CREATE FUNCTION imat_catalog.copy_grants(source regclass, target regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.copy_grants(regclass,regclass) IS
  'Gives every role that may read the relation source the same right on the relation target, and takes all other rights on target away.';
GRANT EXECUTE ON FUNCTION imat_catalog.copy_grants(regclass,regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.cut_off_message()
  RETURNS text
  LANGUAGE sql IMMUTABLE;
COMMENT ON FUNCTION imat_catalog.cut_off_message() IS
  'Returns the error text of an attempt that neither succeeded nor failed, because its worker or its session ended.';
GRANT EXECUTE ON FUNCTION imat_catalog.cut_off_message() TO PUBLIC;

CREATE FUNCTION imat_catalog.fill_slot(imat integer, in_place boolean)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.fill_slot(integer,boolean) IS
  'Fills a slot of a swap imat with the rows of its definition and makes that slot active: the slot that open_slot prepared, or with in_place the active slot. Returns the number of rows.';
GRANT EXECUTE ON FUNCTION imat_catalog.fill_slot(integer,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.fills_elsewhere(imat integer)
  RETURNS integer[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.fills_elsewhere(integer) IS
  'Returns the process ids of sessions that fold, fill or load only imats that do not read this one. Their transactions cannot read its previous slot.';
GRANT EXECUTE ON FUNCTION imat_catalog.fills_elsewhere(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.find(wanted text)
  RETURNS imat_catalog.imat
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.find(text) IS
  'Returns the imat with this name; raises an error if there is none or if it is not loaded yet.';
GRANT EXECUTE ON FUNCTION imat_catalog.find(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.finish_swap(imat integer, attempts integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.finish_swap(integer,integer) IS
  'Ends a swap whose new table is in place: when no open transaction can read the previous slot, the view reads the active slot alone and the previous slot is dropped. Returns true if nothing is left to do; raises an error if it cannot have the locks.';
GRANT EXECUTE ON FUNCTION imat_catalog.finish_swap(integer,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.frontiers_read(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.frontiers_read(integer) IS
  'Returns the frontiers of the stored imats that an imat reads, as one text to compare.';
GRANT EXECUTE ON FUNCTION imat_catalog.frontiers_read(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.granted_like(imat integer)
  RETURNS oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.granted_like(integer) IS
  'Returns the relation whose readers may read the imat; NULL if there is none.';
GRANT EXECUTE ON FUNCTION imat_catalog.granted_like(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.grants_on(relation oid)
  RETURNS jsonb
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.grants_on(oid) IS
  'Returns who may read a relation besides its owner: grantees, columns, grant options.';
GRANT EXECUTE ON FUNCTION imat_catalog.grants_on(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.has_changed(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.has_changed(integer) IS
  'Returns true if a swap of the imat may store something else than what is stored now.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_changed(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.has_pending(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.has_pending(integer) IS
  'Returns true if the logs hold at least one row that the next fold or swap of the imat takes in.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_pending(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.hold_sources(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.hold_sources(integer) IS
  'Locks the sources of an imat against TRUNCATE and rewrites until the transaction ends. Returns false if one of them was truncated or rewritten since the snapshot was taken.';
GRANT EXECUTE ON FUNCTION imat_catalog.hold_sources(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.idle_slot(swap jsonb, active oid)
  RETURNS integer
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.idle_slot(jsonb,oid) IS
  'Returns the index, 0 or 1, of the slot of a swap imat that is not active.';
GRANT EXECUTE ON FUNCTION imat_catalog.idle_slot(jsonb,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_committed(id xid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.is_committed(xid) IS
  'Returns true if the transaction, given by its 32-bit id and younger than two thousand million transactions, has committed.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_committed(xid) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_leased(until timestamp with time zone, holder text)
  RETURNS boolean
  LANGUAGE sql VOLATILE STRICT;
COMMENT ON FUNCTION imat_catalog.is_leased(timestamp with time zone,text) IS
  'Returns true if a lease is still held. A lease that has more time left than its holder''s leases last came from the clock of another server and does not count.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_leased(timestamp with time zone,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_maintaining()
  RETURNS boolean
  LANGUAGE sql IMMUTABLE;
COMMENT ON FUNCTION imat_catalog.is_maintaining() IS
  'Returns true if imat writes the row; false if a restore does.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_maintaining() TO PUBLIC;

CREATE FUNCTION imat_catalog.is_stored(imat integer, stored oid, name text)
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.is_stored(integer,oid,text) IS
  'Returns true if the table is the one that the reader''s snapshot knows as the stored table of the imat; raises an error otherwise. A view evaluates it once for each read.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_stored(integer,oid,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.lease(imat integer, candidate text, lease_ms integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.lease(integer,text,integer) IS
  'Leases a unit of work, named by its least imat, to a worker; returns false if another worker holds it.';
GRANT EXECUTE ON FUNCTION imat_catalog.lease(integer,text,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.lease_request(candidate text, lease_ms integer, first_ms integer, most_ms integer)
  RETURNS TABLE(id bigint, name text, attempts integer)
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.lease_request(text,integer,integer,integer) IS
  'Leases the oldest open request to a worker and returns it; notes the attempt as begin_attempt does.';
GRANT EXECUTE ON FUNCTION imat_catalog.lease_request(text,integer,integer,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.lock_class()
  RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION imat_catalog.lock_class() IS
  'Returns the first key of all advisory locks of imat; the second key is the id of an imat, or 0 for the catalog itself. Folds and swaps do not depend on them.';
GRANT EXECUTE ON FUNCTION imat_catalog.lock_class() TO PUBLIC;

CREATE FUNCTION imat_catalog.look(since text, count_up_to integer, wanted integer[])
  RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.look(text,integer,integer[]) IS
  'Returns everything that a worker bases its decisions on, as one document. since: the snapshot of the previous answer; if nothing has ended since, the rest is left out. count_up_to: where the count of pending rows stops. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.look(text,integer,integer[]) TO PUBLIC;

CREATE PROCEDURE imat_catalog.maintain(IN name text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.maintain(text) IS
  'Does for one imat what a worker would do, in SQL alone: folds pending changes, or swaps after a change when the interval has passed. Jobs of pg_cron call it; errors are reported by the job.';
GRANT EXECUTE ON PROCEDURE imat_catalog.maintain(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.make_private(target oid, but_public boolean DEFAULT false)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.make_private(oid,boolean) IS
  'Takes all rights on a table, view, sequence, routine or schema from everybody but its owner and, with but_public, but PUBLIC.';
GRANT EXECUTE ON FUNCTION imat_catalog.make_private(oid,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.no_frontier(name text)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.no_frontier(text) IS
  'Raises the error of an imat whose stored table does not match its frontier: after a restore into another cluster, after a load that did not end, or on a standby for a snapshot older than a swap.';
GRANT EXECUTE ON FUNCTION imat_catalog.no_frontier(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.open_slot(name text)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.open_slot(text) IS
  'Prepares the idle slot of a swap imat: an empty table, and a view that reads the slot that is active. Returns false if readers prevent it; the caller then fills the active slot in place.';
GRANT EXECUTE ON FUNCTION imat_catalog.open_slot(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.pending_rows(imat integer)
  RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.pending_rows(integer) IS
  'Returns how many log rows the next fold or swap of the imat takes in; 0 if the imat has no frontier.';

CREATE PROCEDURE imat_catalog.publish(IN names text[])
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.publish(text[]) IS
  'Publishes an imat, the last one named, and the stored imats that it reads, in the order given, at one snapshot: it folds and fills them in one REPEATABLE READ transaction.';
GRANT EXECUTE ON PROCEDURE imat_catalog.publish(text[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.record(imat integer, worker_id text, action text, reason text, took_ms double precision, pending_count bigint DEFAULT NULL::bigint, count_ms double precision DEFAULT NULL::double precision, touched_rows bigint DEFAULT NULL::bigint, new_signature text DEFAULT NULL::text, code text DEFAULT NULL::text, message text DEFAULT NULL::text, detail text DEFAULT NULL::text, hint text DEFAULT NULL::text, retry_ms double precision DEFAULT NULL::double precision)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.record(integer,text,text,text,double precision,bigint,double precision,bigint,text,text,text,text,text,double precision) IS
  'Records a run for an imat: how it ended, what it cost, and when the next attempt is due. Call it with named arguments; what is left out is NULL.';
GRANT EXECUTE ON FUNCTION imat_catalog.record(integer,text,text,text,double precision,bigint,double precision,bigint,text,text,text,text,text,double precision) TO PUBLIC;

CREATE FUNCTION imat_catalog.release(imat integer, holder text)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.release(integer,text) IS
  'Ends the lease of a worker on an imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.release(integer,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.renew(units integer[], holder text, lease_ms integer)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.renew(integer[],text,integer) IS
  'Extends the leases of a worker. The next attempt after a cut-off moves by the same time.';
GRANT EXECUTE ON FUNCTION imat_catalog.renew(integer[],text,integer) TO PUBLIC;

CREATE PROCEDURE imat_catalog.require_no_transaction(IN caller text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.require_no_transaction(text) IS
  'Raises an error if the caller, a procedure, runs inside a transaction block or a function. Call it before anything is locked.';
GRANT EXECUTE ON PROCEDURE imat_catalog.require_no_transaction(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.rules_read(definition oid)
  RETURNS text[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.rules_read(oid) IS
  'Returns the rules of the ordinary views that a definition reads, at any depth, as view:version. The version changes when a view is replaced, not when it is renamed.';
GRANT EXECUTE ON FUNCTION imat_catalog.rules_read(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.signature(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.signature(integer) IS
  'Returns the text that tells whether an imat whose sources are not all captured has changed; NULL if nothing tells.';
GRANT EXECUTE ON FUNCTION imat_catalog.signature(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.swapped_elsewhere(name text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.swapped_elsewhere(text) IS
  'Raises the error of an imat that another session is swapping.';
GRANT EXECUTE ON FUNCTION imat_catalog.swapped_elsewhere(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.sync_cron(schedule text)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.sync_cron(text) IS
  'Creates and removes the jobs of pg_cron so that there is one for each imat, and returns the number of changes.';
GRANT EXECUTE ON FUNCTION imat_catalog.sync_cron(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.sync_grants(imat integer)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.sync_grants(integer) IS
  'Grants and revokes on the view of an imat what was granted and revoked on its materialized view since the last time, and returns the number of changes.';
GRANT EXECUTE ON FUNCTION imat_catalog.sync_grants(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.table_signature(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.table_signature(integer) IS
  'Returns a text that changes when a table that the imat reads and does not capture changes; NULL if one of these is of a kind that shows no changes, such as a foreign table.';
GRANT EXECUTE ON FUNCTION imat_catalog.table_signature(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.take_turn(candidate text, lease_ms integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.take_turn(text,integer) IS
  'Makes a worker the ticker, or keeps it the ticker; returns false if another worker is.';
GRANT EXECUTE ON FUNCTION imat_catalog.take_turn(text,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.try_finish_swap(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.try_finish_swap(integer) IS
  'Calls finish_swap if no other session works on the imat; returns false instead of waiting.';
GRANT EXECUTE ON FUNCTION imat_catalog.try_finish_swap(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.unchanged_pairs()
  RETURNS text[]
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.unchanged_pairs() IS
  'Returns the pairs imat:source that the extension table_change_tracker knows to be unchanged since the imat''s frontier; NULL if the extension is missing or does not work.';
GRANT EXECUTE ON FUNCTION imat_catalog.unchanged_pairs() TO PUBLIC;

CREATE FUNCTION imat_catalog.view_locks(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog;
COMMENT ON FUNCTION imat_catalog.view_locks(integer) IS
  'Returns a LOCK TABLE statement for the views that the imat''s definition reads; an empty text if it reads none. What is checked after these locks is what runs, even if the snapshot is older.';
GRANT EXECUTE ON FUNCTION imat_catalog.view_locks(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.with_short_locks(what text, commands text, attempts integer)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog
  SET lock_timeout=25ms;
COMMENT ON FUNCTION imat_catalog.with_short_locks(text,text,integer) IS
  'Runs DDL commands that need short exclusive locks, all or none. It waits 25 ms for a lock and then starts again, up to the given number of attempts; ten attempts take about 1.5 s.';
GRANT EXECUTE ON FUNCTION imat_catalog.with_short_locks(text,text,integer) TO PUBLIC;

-- VIEW imat_catalog.held_back (
--   source regclass,
--   imat text,
--   reason text
-- );
COMMENT ON VIEW imat_catalog.held_back IS
  'What prevents log rows from being deleted, or deleted log rows from being vacuumed, one reason in each row.';

-- VIEW imat_catalog.log_upkeep (
--   source oid,
--   log regclass,
--   schema name,
--   name name,
--   rows bigint,
--   dead_rows bigint,
--   xid_index regclass,
--   is_valid boolean
-- );
COMMENT ON VIEW imat_catalog.log_upkeep IS
  'The logs, with what a worker bases their upkeep on.';

-- VIEW imat_catalog.reading (
--   imat_id integer,
--   relation oid,
--   reads_imat integer,
--   stored boolean
-- );
COMMENT ON VIEW imat_catalog.reading IS
  'Which relations the definition of each imat reads, ordinary views followed. reads_imat: the imat that the relation is, if any; stored: whether that imat is not live, so that only folds and swaps change it.';

-- VIEW imat_catalog.status (
--   name text,
--   relation regclass,
--   strategy text,
--   freshness text,
--   state text,
--   pending_rows bigint,
--   sources regclass[],
--   original regclass,
--   state_bytes bigint,
--   log_bytes bigint,
--   frontier_at timestamp with time zone,
--   last_action text,
--   last_reason text,
--   last_run_at timestamp with time zone,
--   last_ms double precision,
--   failed_attempts integer,
--   error_code text,
--   error text,
--   error_hint text,
--   next_attempt_at timestamp with time zone,
--   worker text
-- );
COMMENT ON VIEW imat_catalog.status IS
  'One row for each imat: its strategy, state, pending rows, sizes, last run and last error.';
