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

CREATE TABLE imat_catalog.arrival (
  at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE imat_catalog.arrival IS
  'One row, and another one for each dump whose data was loaded over this catalog.';

CREATE TABLE imat_catalog.change_count (
  counted_id integer,
  xid xid8,
  role text,
  verb text,
  rows bigint
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=10000, vacuum_truncate=false);
COMMENT ON TABLE imat_catalog.change_count IS
  'One row for each statement that changed rows of a counted table, until it is folded. The xid is that of the top-level transaction.';

CREATE TABLE imat_catalog.change_group (
  id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text NOT NULL,
  owner_text text NOT NULL,
  owner regrole GENERATED ALWAYS AS (imat_catalog.role_named(owner_text)) STORED,
  comment text,
  created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  counted_since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  last_moment_id bigint,
  here boolean GENERATED ALWAYS AS ((imat_catalog.is_maintaining() AND (counted_since IS NOT NULL))) STORED,
  CONSTRAINT change_group_name_check CHECK ((name <> ''::text)),
  CONSTRAINT change_group_pkey PRIMARY KEY (id),
  CONSTRAINT change_group_name_key UNIQUE (name)
) WITH (fillfactor=20);
COMMENT ON TABLE imat_catalog.change_group IS
  'The groups of tables and sequences whose changes are counted.';

CREATE TABLE imat_catalog.counted (
  id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
  relation_text text,
  relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  CONSTRAINT counted_pkey PRIMARY KEY (id),
  CONSTRAINT counted_relation_key UNIQUE (relation)
);
COMMENT ON TABLE imat_catalog.counted IS
  'The tables that have counting triggers: those in groups, and the partitions of those.';

CREATE TABLE imat_catalog.fact (
  imat_id integer NOT NULL,
  class oid NOT NULL,
  object oid NOT NULL,
  version text,
  facts jsonb NOT NULL,
  CONSTRAINT fact_imat_id_fkey FOREIGN KEY (imat_id) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT fact_pkey PRIMARY KEY (imat_id, class, object)
);
CREATE INDEX fact_object_idx ON imat_catalog.fact USING btree (object);
COMMENT ON TABLE imat_catalog.fact IS
  'The tables, views and functions that each imat uses, as they were at the conversion.';

CREATE TABLE imat_catalog.folded_count (
  member_id integer NOT NULL,
  span smallint NOT NULL,
  moment_id bigint NOT NULL,
  role text NOT NULL,
  verb text NOT NULL,
  rows bigint NOT NULL,
  CONSTRAINT folded_count_span_check CHECK ((span = ANY (ARRAY[0, 1]))),
  CONSTRAINT folded_count_member_id_fkey FOREIGN KEY (member_id) REFERENCES imat_catalog.member(id) ON DELETE CASCADE,
  CONSTRAINT folded_count_pkey PRIMARY KEY (member_id, span, moment_id, role, verb) INCLUDE (rows)
);
COMMENT ON TABLE imat_catalog.folded_count IS
  'The counters of the intervals that have ended, added up.';

CREATE TABLE imat_catalog.frontier (
  imat_id integer NOT NULL,
  state_relation oid NOT NULL,
  snapshot pg_snapshot NOT NULL,
  advanced_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  access_key uuid DEFAULT gen_random_uuid() NOT NULL,
  moment timestamp with time zone DEFAULT now() NOT NULL,
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
  CONSTRAINT history_action_check CHECK ((action = ANY (ARRAY['skip'::text, 'fold'::text, 'swap'::text, 'rebuild'::text, 'finish'::text, 'publish'::text, 'load'::text, 'request'::text, 'repair'::text]))),
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
  definition_view_text text,
  relation_text text,
  original_text text,
  replacement_text text,
  original_schema text,
  original_name text,
  reasons jsonb DEFAULT '[]'::jsonb NOT NULL,
  notes jsonb DEFAULT '[]'::jsonb NOT NULL,
  grants jsonb DEFAULT '[]'::jsonb NOT NULL,
  stored_text text,
  fold_function text,
  swap jsonb,
  untrusted boolean NOT NULL,
  watchable boolean NOT NULL,
  dependence text NOT NULL,
  swap_phase text,
  swap_bytes bigint,
  swap_waits_for text[],
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  broken text,
  broken_at timestamp with time zone,
  facts_cluster bigint,
  objects name[] DEFAULT '{}'::name[] NOT NULL,
  keyed_tables name[] DEFAULT '{}'::name[] NOT NULL,
  definition_view regclass GENERATED ALWAYS AS (imat_catalog.relation_named(definition_view_text)) STORED,
  relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  original regclass GENERATED ALWAYS AS (imat_catalog.relation_named(original_text)) STORED,
  replacement regclass GENERATED ALWAYS AS (imat_catalog.relation_named(replacement_text)) STORED,
  stored regclass GENERATED ALWAYS AS (imat_catalog.relation_named(stored_text)) STORED,
  builds integer,
  completed jsonb DEFAULT '{"notes": [], "settings": {}}'::jsonb NOT NULL,
  labels_text text,
  labels regclass GENERATED ALWAYS AS (imat_catalog.relation_named(labels_text)) STORED,
  elapsed_text text,
  elapsed regclass GENERATED ALWAYS AS (imat_catalog.relation_named(elapsed_text)) STORED,
  further_stores name[] DEFAULT '{}'::name[] NOT NULL,
  over_rows boolean[] DEFAULT '{}'::boolean[] NOT NULL,
  follows_tables boolean GENERATED ALWAYS AS ((watchable AND (labels_text IS NULL) AND (elapsed_text IS NULL))) STORED,
  CONSTRAINT imat_dependence_check CHECK ((dependence = ANY (ARRAY['tables'::text, 'settings'::text, 'moment'::text]))),
  CONSTRAINT imat_state_check CHECK ((state = ANY (ARRAY['installing'::text, 'active'::text, 'reverting'::text]))),
  CONSTRAINT imat_strategy_check CHECK ((strategy = ANY (ARRAY['delta'::text, 'swap'::text]))),
  CONSTRAINT imat_swap_phase_check CHECK ((swap_phase = ANY (ARRAY['filling'::text, 'switched'::text]))),
  CONSTRAINT imat_builds_fkey FOREIGN KEY (builds) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT imat_pkey PRIMARY KEY (id),
  CONSTRAINT imat_builds_key UNIQUE (builds),
  CONSTRAINT imat_name_key UNIQUE (name)
);
COMMENT ON TABLE imat_catalog.imat IS
  'One row for each imat.';

CREATE TABLE imat_catalog.imat_source (
  imat_id integer NOT NULL,
  relation_text text NOT NULL,
  columns smallint[],
  joins smallint[] DEFAULT '{}'::smallint[] NOT NULL,
  relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  CONSTRAINT imat_source_imat_id_fkey FOREIGN KEY (imat_id) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT imat_source_imat_id_relation_key UNIQUE (imat_id, relation)
);
CREATE INDEX imat_source_relation_idx ON imat_catalog.imat_source USING btree (relation);
COMMENT ON TABLE imat_catalog.imat_source IS
  'Which captured tables each imat reads.';

CREATE TABLE imat_catalog.member (
  id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
  group_id integer NOT NULL,
  relation_text text,
  relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  kind text NOT NULL,
  schema_name text NOT NULL,
  relation_name text NOT NULL,
  from_id bigint NOT NULL,
  to_id bigint,
  CONSTRAINT member_kind_check CHECK ((kind = ANY (ARRAY['table'::text, 'sequence'::text]))),
  CONSTRAINT member_from_id_fkey FOREIGN KEY (from_id) REFERENCES imat_catalog.moment(id) ON DELETE CASCADE,
  CONSTRAINT member_group_id_fkey FOREIGN KEY (group_id) REFERENCES imat_catalog.change_group(id) ON DELETE CASCADE,
  CONSTRAINT member_to_id_fkey FOREIGN KEY (to_id) REFERENCES imat_catalog.moment(id) ON DELETE CASCADE,
  CONSTRAINT member_pkey PRIMARY KEY (id)
);
CREATE INDEX member_from_id_idx ON imat_catalog.member USING btree (from_id);
CREATE UNIQUE INDEX member_group_id_relation_idx ON imat_catalog.member USING btree (group_id, relation) WHERE (to_id IS NULL);
CREATE INDEX member_to_id_idx ON imat_catalog.member USING btree (to_id);
COMMENT ON TABLE imat_catalog.member IS
  'The times during which a table or a sequence belongs to a group.';

CREATE TABLE imat_catalog.member_part (
  member_id integer NOT NULL,
  counted_id integer NOT NULL,
  CONSTRAINT member_part_counted_id_fkey FOREIGN KEY (counted_id) REFERENCES imat_catalog.counted(id) ON DELETE CASCADE,
  CONSTRAINT member_part_member_id_fkey FOREIGN KEY (member_id) REFERENCES imat_catalog.member(id) ON DELETE CASCADE,
  CONSTRAINT member_part_pkey PRIMARY KEY (member_id, counted_id)
);
CREATE INDEX member_part_counted_id_idx ON imat_catalog.member_part USING btree (counted_id);
COMMENT ON TABLE imat_catalog.member_part IS
  'Whose counters belong to a table of a group: its own, and those of its partitions.';

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

CREATE TABLE imat_catalog.moment (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  group_id integer NOT NULL,
  snapshot pg_snapshot NOT NULL,
  at timestamp with time zone NOT NULL,
  mark text,
  comment text,
  is_stop boolean DEFAULT false NOT NULL,
  CONSTRAINT moment_mark_check CHECK ((mark <> ''::text)),
  CONSTRAINT moment_group_id_fkey FOREIGN KEY (group_id) REFERENCES imat_catalog.change_group(id) ON DELETE CASCADE,
  CONSTRAINT moment_pkey PRIMARY KEY (id),
  CONSTRAINT moment_group_id_id_key UNIQUE (group_id, id),
  CONSTRAINT moment_group_id_mark_key UNIQUE (group_id, mark)
);
COMMENT ON TABLE imat_catalog.moment IS
  'Points in the history of a group, each a snapshot. Those that have a name are marks.';

CREATE TABLE imat_catalog.name_use (
  imat_id integer NOT NULL,
  number integer NOT NULL,
  schemas name[],
  functions name[],
  operators name[] NOT NULL,
  types name[] NOT NULL,
  value_types oid[] NOT NULL,
  known text[] NOT NULL,
  CONSTRAINT name_use_imat_id_fkey FOREIGN KEY (imat_id) REFERENCES imat_catalog.imat(id) ON DELETE CASCADE,
  CONSTRAINT name_use_pkey PRIMARY KEY (imat_id, number)
);
COMMENT ON TABLE imat_catalog.name_use IS
  'The names that bodies of functions in quotes look up, by body, and what had them at the conversion.';

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

CREATE TABLE imat_catalog.schema_change (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  not_before timestamp with time zone,
  at timestamp with time zone NOT NULL,
  xid xid8,
  role text,
  command text,
  class_id oid NOT NULL,
  object_id oid NOT NULL,
  type text NOT NULL,
  part_id oid NOT NULL,
  object text NOT NULL,
  part text,
  kind text NOT NULL,
  before jsonb,
  after jsonb,
  source text NOT NULL,
  imats text[] NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  CONSTRAINT schema_change_kind_check CHECK ((kind = ANY (ARRAY['create'::text, 'alter'::text, 'rename'::text, 'rewrite'::text, 'drop'::text]))),
  CONSTRAINT schema_change_source_check CHECK ((source = ANY (ARRAY['event trigger'::text, 'fingerprint'::text]))),
  CONSTRAINT schema_change_pkey PRIMARY KEY (id)
);
CREATE INDEX schema_change_object_id_id_idx ON imat_catalog.schema_change USING btree (object_id, id);
CREATE INDEX schema_change_object_id_idx ON imat_catalog.schema_change USING btree (object, id);
COMMENT ON TABLE imat_catalog.schema_change IS
  'What has changed in the schema; the view imat.schema_changes shows it.';

CREATE TABLE imat_catalog.schema_comparison (
  only_row boolean DEFAULT true NOT NULL,
  compared_at timestamp with time zone,
  cluster bigint,
  CONSTRAINT schema_comparison_only_row_check CHECK (only_row),
  CONSTRAINT schema_comparison_pkey PRIMARY KEY (only_row)
);
COMMENT ON TABLE imat_catalog.schema_comparison IS
  'The time of the last comparison: what it did not find has happened since.';

CREATE TABLE imat_catalog.schema_image (
  class_id oid NOT NULL,
  object_id oid NOT NULL,
  type text NOT NULL,
  part_id oid NOT NULL,
  object text NOT NULL,
  part text,
  image jsonb NOT NULL,
  made_by xid NOT NULL,
  taken_at timestamp with time zone DEFAULT now() NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  CONSTRAINT schema_image_pkey PRIMARY KEY (class_id, object_id, type, part_id)
);
COMMENT ON TABLE imat_catalog.schema_image IS
  'What PostgreSQL''s catalog said last of each object whose schema history is kept.';

CREATE TABLE imat_catalog.sequence_state (
  member_id integer NOT NULL,
  moment_id bigint NOT NULL,
  last_value bigint NOT NULL,
  is_called boolean NOT NULL,
  increment bigint NOT NULL,
  structure text NOT NULL,
  CONSTRAINT sequence_state_member_id_fkey FOREIGN KEY (member_id) REFERENCES imat_catalog.member(id) ON DELETE CASCADE,
  CONSTRAINT sequence_state_moment_id_fkey FOREIGN KEY (moment_id) REFERENCES imat_catalog.moment(id) ON DELETE CASCADE,
  CONSTRAINT sequence_state_pkey PRIMARY KEY (member_id, moment_id)
);
CREATE INDEX sequence_state_moment_id_idx ON imat_catalog.sequence_state USING btree (moment_id);
COMMENT ON TABLE imat_catalog.sequence_state IS
  'The sequences of a group at each of its moments.';

CREATE TABLE imat_catalog.source (
  relation_text text NOT NULL,
  log_text text NOT NULL,
  capture jsonb NOT NULL,
  by_extension boolean NOT NULL,
  tracked boolean DEFAULT false NOT NULL,
  columns smallint[],
  former_logs text[] DEFAULT '{}'::text[] NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  triggers jsonb,
  relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  log regclass GENERATED ALWAYS AS (imat_catalog.relation_named(log_text)) STORED,
  parents oid[],
  parts oid[],
  files jsonb DEFAULT '{}'::jsonb NOT NULL,
  CONSTRAINT source_relation_key UNIQUE (relation)
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

CREATE TABLE imat_store.reset (
  relation regclass NOT NULL,
  xid xid8 DEFAULT pg_current_xact_id() NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=50, vacuum_truncate=false);
COMMENT ON TABLE imat_store.reset IS
  'Transactions that changed a source in a way that its log does not have as rows: until the state of an imat is computed anew, only its definition is right. The xid is that of the top-level transaction, and the log has a row of the same transaction.';

CREATE FUNCTION imat.add_to_group(group_name text, tables regclass[], sequences regclass[] DEFAULT '{}'::regclass[], mark text DEFAULT 'ADD_%'::text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.add_to_group(text,regclass[],regclass[],text) IS
  'Adds tables and sequences to a group and sets a mark, from which on their changes count. It waits as create_group does.';
GRANT EXECUTE ON FUNCTION imat.add_to_group(text,regclass[],regclass[],text) TO PUBLIC;

CREATE FUNCTION imat.column_changes(relation regclass)
  RETURNS TABLE(number smallint, name text, is_dropped boolean, not_before timestamp with time zone, at timestamp with time zone, xid xid8, printed_xid xid, role text, command text, kind text, source text)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.column_changes(regclass) IS
  'Returns for each column of a table, dropped ones included, when it changed last and from where that is known.';
GRANT EXECUTE ON FUNCTION imat.column_changes(regclass) TO PUBLIC;

CREATE FUNCTION imat.comment_mark(group_name text, mark text, comment text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.comment_mark(text,text,text) IS
  'Sets the comment of a mark; NULL removes it.';
GRANT EXECUTE ON FUNCTION imat.comment_mark(text,text,text) TO PUBLIC;

CREATE FUNCTION imat.compare_schema()
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat.compare_schema() IS
  'Compares all objects that imat knows with what they were at the last comparison; records what differs for the view imat.schema_changes, and returns how many changes that were.';
GRANT EXECUTE ON FUNCTION imat.compare_schema() TO PUBLIC;

CREATE FUNCTION imat.create_group(name text, tables regclass[] DEFAULT '{}'::regclass[], sequences regclass[] DEFAULT '{}'::regclass[], mark text DEFAULT 'START_%'::text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.create_group(text,regclass[],regclass[],text) IS
  'Makes a group of tables and sequences, sets its first mark and counts the changes from there on. The caller must own the tables. It waits for the transactions that write them, for lock_timeout or 30 s; writers do not wait for it meanwhile.';
GRANT EXECUTE ON FUNCTION imat.create_group(text,regclass[],regclass[],text) TO PUBLIC;

CREATE FUNCTION imat.create_imat(name text)
  RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.create_imat(text) IS
  'Asks for an imat of a materialized view and returns a text that says how the request stands. A running worker carries requests out; calling it again tells the outcome.';
GRANT EXECUTE ON FUNCTION imat.create_imat(text) TO PUBLIC;

CREATE FUNCTION imat.delete_mark(group_name text, mark text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.delete_mark(text,text) IS
  'Deletes a mark; what was counted before and after it becomes one interval.';
GRANT EXECUTE ON FUNCTION imat.delete_mark(text,text) TO PUBLIC;

CREATE FUNCTION imat.detailed_log_stat_group(group_name text, first_mark text, last_mark text)
  RETURNS TABLE(stat_group text, stat_schema text, stat_table text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_role text, stat_verb text, stat_rows bigint)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.detailed_log_stat_group(text,text,text) IS
  'Returns for each table of a group, role and verb the number of rows changed between two marks; an UPDATE counts once. NULL for the last mark is now.';
GRANT EXECUTE ON FUNCTION imat.detailed_log_stat_group(text,text,text) TO PUBLIC;

CREATE FUNCTION imat.detailed_log_stat_groups(group_names text[], first_mark text, last_mark text)
  RETURNS TABLE(stat_group text, stat_schema text, stat_table text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_role text, stat_verb text, stat_rows bigint)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.detailed_log_stat_groups(text[],text,text) IS
  'Returns for each table of the groups, role and verb the number of rows changed between two marks; an UPDATE counts once. NULL for the last mark is now.';
GRANT EXECUTE ON FUNCTION imat.detailed_log_stat_groups(text[],text,text) TO PUBLIC;

CREATE FUNCTION imat.drop_group(group_name text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.drop_group(text) IS
  'Removes a group with its marks and statistics. Tables that no other group has lose their counting triggers. It waits as remove_from_group does.';
GRANT EXECUTE ON FUNCTION imat.drop_group(text) TO PUBLIC;

CREATE PROCEDURE imat.fold(IN name text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat.fold(text) IS
  'Folds the pending changes of an imat with the strategy delta into its state, in one transaction. CALL it outside of a transaction block. The setting imat.rows then holds the number of stored rows that it touched.';
GRANT EXECUTE ON PROCEDURE imat.fold(text) TO PUBLIC;

CREATE FUNCTION imat.fold_counts()
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.fold_counts() IS
  'Adds up the counters of changed rows between marks; returns how many it has removed. It changes no statistic. It returns 0 if another session is at it, or changes a group.';
GRANT EXECUTE ON FUNCTION imat.fold_counts() TO PUBLIC;

CREATE FUNCTION imat.history(relation regclass)
  RETURNS TABLE(not_before timestamp with time zone, at timestamp with time zone, xid xid8, role text, command text, object text, type text, part text, kind text, before jsonb, after jsonb, source text, imats text[])
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.history(regclass) IS
  'Returns what is known of the changes of a table''s schema, newest first: what event triggers and comparisons have recorded, and the commit times of the rows of PostgreSQL''s catalog.';
GRANT EXECUTE ON FUNCTION imat.history(regclass) TO PUBLIC;

CREATE FUNCTION imat.last_schema_change(relation regclass)
  RETURNS TABLE(not_before timestamp with time zone, at timestamp with time zone, xid xid8, printed_xid xid, role text, command text, type text, part text, kind text, source text)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.last_schema_change(regclass) IS
  'Returns the last known change of a table''s schema; no row if none is known. VACUUM FULL and CLUSTER rewrite the table and are no changes of its schema.';
GRANT EXECUTE ON FUNCTION imat.last_schema_change(regclass) TO PUBLIC;

CREATE FUNCTION imat.list_groups()
  RETURNS TABLE(group_name text, group_owner name, group_is_counting boolean, group_tables bigint, group_sequences bigint, group_marks bigint, group_creation_datetime timestamp with time zone)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.list_groups() IS
  'Returns the groups that the caller may read.';
GRANT EXECUTE ON FUNCTION imat.list_groups() TO PUBLIC;

CREATE FUNCTION imat.list_marks(group_name text)
  RETURNS TABLE(mark_group text, mark_name text, mark_time_id bigint, mark_datetime timestamp with time zone, mark_is_stop boolean, mark_comment text)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.list_marks(text) IS
  'Returns the marks of a group in their order.';
GRANT EXECUTE ON FUNCTION imat.list_marks(text) TO PUBLIC;

CREATE FUNCTION imat.log_stat_group(group_name text, first_mark text, last_mark text)
  RETURNS TABLE(stat_group text, stat_schema text, stat_table text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_rows bigint)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.log_stat_group(text,text,text) IS
  'Returns for each table of a group the number of rows changed between two marks; NULL for the last one is now.';
GRANT EXECUTE ON FUNCTION imat.log_stat_group(text,text,text) TO PUBLIC;

CREATE FUNCTION imat.log_stat_groups(group_names text[], first_mark text, last_mark text)
  RETURNS TABLE(stat_group text, stat_schema text, stat_table text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_rows bigint)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.log_stat_groups(text[],text,text) IS
  'Returns for each table of the groups the number of rows changed between two marks; NULL for the last one is now.';
GRANT EXECUTE ON FUNCTION imat.log_stat_groups(text[],text,text) TO PUBLIC;

CREATE FUNCTION imat.log_stat_sequence(schema_name text, sequence_name text, start_group text, start_mark text, end_group text DEFAULT NULL::text, end_mark text DEFAULT NULL::text)
  RETURNS TABLE(stat_group text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_is_log_start boolean, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_is_log_stop boolean, stat_increments bigint, stat_has_structure_changed boolean, stat_rollbacks integer)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.log_stat_sequence(text,text,text,text,text,text) IS
  'Returns by how many increments a sequence has moved between the marks of its groups, from the interval that surrounds the first of two marks to the one that surrounds the second.';
GRANT EXECUTE ON FUNCTION imat.log_stat_sequence(text,text,text,text,text,text) TO PUBLIC;

CREATE FUNCTION imat.log_stat_sequence(schema_name text, sequence_name text, start_at timestamp with time zone DEFAULT NULL::timestamp with time zone, end_at timestamp with time zone DEFAULT NULL::timestamp with time zone)
  RETURNS TABLE(stat_group text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_is_log_start boolean, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_is_log_stop boolean, stat_increments bigint, stat_has_structure_changed boolean, stat_rollbacks integer)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.log_stat_sequence(text,text,timestamp with time zone,timestamp with time zone) IS
  'Returns by how many increments a sequence has moved between the marks of its groups, from the interval that surrounds the first of two times to the one that surrounds the second.';
GRANT EXECUTE ON FUNCTION imat.log_stat_sequence(text,text,timestamp with time zone,timestamp with time zone) TO PUBLIC;

CREATE FUNCTION imat.log_stat_table(schema_name text, table_name text, start_group text, start_mark text, end_group text DEFAULT NULL::text, end_mark text DEFAULT NULL::text)
  RETURNS TABLE(stat_group text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_is_log_start boolean, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_is_log_stop boolean, stat_changes bigint, stat_rollbacks integer)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.log_stat_table(text,text,text,text,text,text) IS
  'Returns how many rows of a table were changed between the marks of its groups, from the interval that surrounds the first of two marks to the one that surrounds the second.';
GRANT EXECUTE ON FUNCTION imat.log_stat_table(text,text,text,text,text,text) TO PUBLIC;

CREATE FUNCTION imat.log_stat_table(schema_name text, table_name text, start_at timestamp with time zone DEFAULT NULL::timestamp with time zone, end_at timestamp with time zone DEFAULT NULL::timestamp with time zone)
  RETURNS TABLE(stat_group text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_is_log_start boolean, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_is_log_stop boolean, stat_changes bigint, stat_rollbacks integer)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.log_stat_table(text,text,timestamp with time zone,timestamp with time zone) IS
  'Returns how many rows of a table were changed between the marks of its groups, from the interval that surrounds the first of two times to the one that surrounds the second.';
GRANT EXECUTE ON FUNCTION imat.log_stat_table(text,text,timestamp with time zone,timestamp with time zone) TO PUBLIC;

CREATE FUNCTION imat.remove_from_group(group_name text, tables regclass[], sequences regclass[] DEFAULT '{}'::regclass[], mark text DEFAULT 'REMOVE_%'::text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.remove_from_group(text,regclass[],regclass[],text) IS
  'Takes tables and sequences out of a group and sets a mark, up to which their changes count. It waits for the transactions that use the tables, for lock_timeout or 30 s; nobody waits for it meanwhile.';
GRANT EXECUTE ON FUNCTION imat.remove_from_group(text,regclass[],regclass[],text) TO PUBLIC;

CREATE FUNCTION imat.rename_mark(group_name text, mark text, new_name text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.rename_mark(text,text,text) IS
  'Renames a mark.';
GRANT EXECUTE ON FUNCTION imat.rename_mark(text,text,text) TO PUBLIC;

CREATE FUNCTION imat.sequence_stat_group(group_name text, first_mark text, last_mark text)
  RETURNS TABLE(stat_group text, stat_schema text, stat_sequence text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_increments bigint, stat_has_structure_changed boolean)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.sequence_stat_group(text,text,text) IS
  'Returns for each sequence of a group by how many increments it has moved between two marks. A setval or a cycle in between is not detected. NULL for the last mark is now.';
GRANT EXECUTE ON FUNCTION imat.sequence_stat_group(text,text,text) TO PUBLIC;

CREATE FUNCTION imat.sequence_stat_groups(group_names text[], first_mark text, last_mark text)
  RETURNS TABLE(stat_group text, stat_schema text, stat_sequence text, stat_first_mark text, stat_first_mark_datetime timestamp with time zone, stat_first_time_id bigint, stat_last_mark text, stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint, stat_increments bigint, stat_has_structure_changed boolean)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.sequence_stat_groups(text[],text,text) IS
  'Returns for each sequence of the groups by how many increments it has moved between two marks. A setval or a cycle in between is not detected. NULL for the last mark is now.';
GRANT EXECUTE ON FUNCTION imat.sequence_stat_groups(text[],text,text) TO PUBLIC;

CREATE FUNCTION imat.set_mark(group_name text, mark text DEFAULT 'MARK_%'::text)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.set_mark(text,text) IS
  'Sets a mark: what this statement sees is before it. It waits for no writer, and no writer waits for it. Returns the number of the mark in time (stat_first_time_id).';
GRANT EXECUTE ON FUNCTION imat.set_mark(text,text) TO PUBLIC;

CREATE FUNCTION imat.start_group(group_name text, mark text DEFAULT 'START_%'::text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.start_group(text,text) IS
  'Counts the changes of a stopped group''s tables again, from a mark on. It waits as create_group does.';
GRANT EXECUTE ON FUNCTION imat.start_group(text,text) TO PUBLIC;

CREATE FUNCTION imat.stop_group(group_name text, mark text DEFAULT 'STOP_%'::text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat.stop_group(text,text) IS
  'Sets a mark and counts the changes of the group''s tables no more. What is counted stays. It waits as remove_from_group does.';
GRANT EXECUTE ON FUNCTION imat.stop_group(text,text) TO PUBLIC;

CREATE PROCEDURE imat.swap(IN name text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat.swap(text) IS
  'Stores the definition of an imat with the strategy swap anew and switches readers to it. CALL it outside of a transaction block. The setting imat.rows then holds the number of stored rows.';
GRANT EXECUTE ON PROCEDURE imat.swap(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.add_members(target imat_catalog.change_group, tables regclass[], sequences regclass[], mark text, by_role oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.add_members(imat_catalog.change_group,regclass[],regclass[],text,oid) IS
  'Begins to count tables and sequences for a group, from a mark on. by_role: who must own them; NULL for anybody.';
GRANT EXECUTE ON FUNCTION imat_catalog.add_members(imat_catalog.change_group,regclass[],regclass[],text,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.add_moment(of_group integer, named text, own_before boolean DEFAULT NULL::boolean, stops boolean DEFAULT false)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.add_moment(integer,text,boolean,boolean) IS
  'Adds a moment to a group, with a mark if it is named. The changes of this transaction are before it if own_before is true, after it if that is false; if that is NULL, they are before it if there are any.';
GRANT EXECUTE ON FUNCTION imat_catalog.add_moment(integer,text,boolean,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.add_schema_change(former imat_catalog.schema_image, present imat_catalog.schema_image, command text)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.add_schema_change(imat_catalog.schema_image,imat_catalog.schema_image,text) IS
  'Records how an object differs from its image: found by a comparison, or, with the tag of a command, made by that command of this transaction.';
GRANT EXECUTE ON FUNCTION imat_catalog.add_schema_change(imat_catalog.schema_image,imat_catalog.schema_image,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.add_to_group(group_name text, tables regclass[], sequences regclass[], mark text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.add_to_group(text,regclass[],regclass[],text) IS
  'What imat.add_to_group tries. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.add_to_group(text,regclass[],regclass[],text) TO PUBLIC;

CREATE FUNCTION imat_catalog.adopt_facts(wanted integer[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.adopt_facts(integer[]) IS
  'Notes the facts of imats anew whose cluster is another one, because pg_upgrade has written PostgreSQL''s catalogs anew; imats whose capture has a problem are marked as broken. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.adopt_facts(integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.advance(imat integer, stored oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.advance(integer,oid) IS
  'Moves the frontier of an imat to the snapshot and the time of this transaction, which must have claimed the imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.advance(integer,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.age_ms(at timestamp with time zone)
  RETURNS double precision
  LANGUAGE sql VOLATILE;
COMMENT ON FUNCTION imat_catalog.age_ms(timestamp with time zone) IS
  'Returns the milliseconds since a moment; NULL if the moment lies ahead, because then the clock of another server, before a failover, gave it.';
GRANT EXECUTE ON FUNCTION imat_catalog.age_ms(timestamp with time zone) TO PUBLIC;

CREATE FUNCTION imat_catalog.allow_capture(source oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.allow_capture(oid) IS
  'Lets the owners of the capture functions of a source append to its log and mark it as reset.';
GRANT EXECUTE ON FUNCTION imat_catalog.allow_capture(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.arm_without_frontier(name text, arm integer)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE PARALLEL SAFE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.arm_without_frontier(text,integer) IS
  'Returns the arm of a view that computes the answer from the sources, if a restore reads it to populate a materialized view; raises the error of no_frontier otherwise.';
GRANT EXECUTE ON FUNCTION imat_catalog.arm_without_frontier(text,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.as_identifier(word text)
  RETURNS name
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.as_identifier(text) IS
  'Returns the name that PostgreSQL takes a word of a command for: without its quotes, or folded, and cut to the length of a name.';
GRANT EXECUTE ON FUNCTION imat_catalog.as_identifier(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.await_sources(imats integer[])
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=200ms;
COMMENT ON FUNCTION imat_catalog.await_sources(integer[]) IS
  'Waits for another session that has locked a source of one of these imats, or a partition of one. Returns false if there is none, or if it has the lock still after a short time.';
GRANT EXECUTE ON FUNCTION imat_catalog.await_sources(integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.begin_anew()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.begin_anew() IS
  'Keeps what a dump brought along for intervals that have ended, and begins to count anew in this cluster. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.begin_anew() TO PUBLIC;

CREATE FUNCTION imat_catalog.begin_attempt(imat integer, holder text, what text, retry_ms double precision)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.begin_attempt(integer,text,text,double precision) IS
  'Notes that an attempt begins, as if it had failed, with the time of the next one. Returns false if the worker no longer holds the lease.';
GRANT EXECUTE ON FUNCTION imat_catalog.begin_attempt(integer,text,text,double precision) TO PUBLIC;

CREATE FUNCTION imat_catalog.begin_history()
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.begin_history() IS
  'Takes the first image of each object that imat has come to know.';

CREATE FUNCTION imat_catalog.block_of(moment bigint)
  RETURNS bigint
  LANGUAGE sql IMMUTABLE;
COMMENT ON FUNCTION imat_catalog.block_of(bigint) IS
  'Returns the first number of the block of 64 moments that a moment is in.';
GRANT EXECUTE ON FUNCTION imat_catalog.block_of(bigint) TO PUBLIC;

CREATE PROCEDURE imat_catalog.break_corrupted(IN imat integer, IN corruption text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.break_corrupted(integer,text) IS
  'Rolls back, marks an imat as broken whose stored rows are inconsistent, and raises the error.';
GRANT EXECUTE ON PROCEDURE imat_catalog.break_corrupted(integer,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.break_differing(wanted integer[], wait boolean)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.break_differing(integer[],boolean) IS
  'Marks the imats as broken that do not pass their checks, and returns how many do not. wanted: ids of imats, or NULL for all. wait: for other sessions that work on them.';
GRANT EXECUTE ON FUNCTION imat_catalog.break_differing(integer[],boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.break_imat(imat integer, reason text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.break_imat(integer,text) IS
  'Marks an imat as broken, with all imats that read it: reads raise an error until it is repaired.';
GRANT EXECUTE ON FUNCTION imat_catalog.break_imat(integer,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.called_by_name(function oid, schemas name[])
  RETURNS TABLE(class oid, object oid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.called_by_name(oid,name[]) IS
  'Returns the functions, operators, casts and types, none of them PostgreSQL''s own, that a body in quotes may use. schemas: where names without a schema are found (path_within).';
GRANT EXECUTE ON FUNCTION imat_catalog.called_by_name(oid,name[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.called_name(class oid, object oid)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp
  SET quote_all_identifiers=off;
COMMENT ON FUNCTION imat_catalog.called_name(oid,oid) IS
  'Returns the name by which a body in quotes finds a function, an operator or a type.';
GRANT EXECUTE ON FUNCTION imat_catalog.called_name(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.caller()
  RETURNS oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.caller() IS
  'Returns the role that called a SECURITY DEFINER function from outside.';
GRANT EXECUTE ON FUNCTION imat_catalog.caller() TO PUBLIC;

CREATE FUNCTION imat_catalog.can_share_counting(relation oid, event text)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.can_share_counting(oid,text) IS
  'Returns true if the trigger that captures insert or delete on a table can count the rows.';
GRANT EXECUTE ON FUNCTION imat_catalog.can_share_counting(oid,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.capture_part(source oid, part regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.capture_part(oid,regclass) IS
  'Creates the triggers on a partition that write to the log of a partitioned source.';
GRANT EXECUTE ON FUNCTION imat_catalog.capture_part(oid,regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.capture_problem(source oid, same_cluster boolean)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.capture_problem(oid,boolean) IS
  'Returns what is wrong with the capture of a source, as text; NULL if nothing is.';
GRANT EXECUTE ON FUNCTION imat_catalog.capture_problem(oid,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.capture_routines()
  RETURNS SETOF oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.capture_routines() IS
  'Returns the functions of imat_store that capture functions call, and those that these call.';
GRANT EXECUTE ON FUNCTION imat_catalog.capture_routines() TO PUBLIC;

CREATE FUNCTION imat_catalog.capture_triggers(source oid, relation oid, OUT event text, OUT name text)
  RETURNS SETOF record
  LANGUAGE plpgsql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.capture_triggers(oid,oid) IS
  'Returns the names of the triggers on a source, or on a partition of it, that write to its log.';
GRANT EXECUTE ON FUNCTION imat_catalog.capture_triggers(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.capture_without_rights(source oid)
  RETURNS TABLE(function text, role text)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.capture_without_rights(oid) IS
  'Returns the capture functions of a source whose owners cannot append to its log, and these.';
GRANT EXECUTE ON FUNCTION imat_catalog.capture_without_rights(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.casts_looked_up(imat integer)
  RETURNS name[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.casts_looked_up(integer) IS
  'Returns the types to which PostgreSQL''s own functions in a definition look up casts when they run, as || and to_json do: text, json, both or none.';
GRANT EXECUTE ON FUNCTION imat_catalog.casts_looked_up(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.change_members(what text, named regclass[], commands text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.change_members(text,regclass[],text) IS
  'Runs commands that lock the tables of groups. It goes on trying for lock_timeout, or for 30 s if that is not set, and no writer waits for longer than 50 ms meanwhile.';
GRANT EXECUTE ON FUNCTION imat_catalog.change_members(text,regclass[],text) TO PUBLIC;

CREATE FUNCTION imat_catalog.check_definition(imat integer)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.check_definition(integer) IS
  'Raises an error if the imat is broken, or if the current role must not run the definition.';
GRANT EXECUTE ON FUNCTION imat_catalog.check_definition(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.check_imat(imat integer)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.check_imat(integer) IS
  'Returns why what is stored of an imat may be wrong, as text; NULL if it is whole.';
GRANT EXECUTE ON FUNCTION imat_catalog.check_imat(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.check_member(relation regclass, wanted text, by_role oid)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.check_member(regclass,text,oid) IS
  'Raises an error if the relation cannot be in a group as a table or a sequence, or if a role does not own it. by_role NULL: whoever owns it.';
GRANT EXECUTE ON FUNCTION imat_catalog.check_member(regclass,text,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.claim(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.claim(integer) IS
  'Makes the transaction the only one that moves the imat''s frontier. Returns false if another transaction does so, or has done so since the snapshot was taken.';
GRANT EXECUTE ON FUNCTION imat_catalog.claim(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.clean_log(source oid)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET synchronize_seqscans=off;
COMMENT ON FUNCTION imat_catalog.clean_log(oid) IS
  'Deletes the rows of a source''s log, and its reset marks, that every imat on the source has taken in, and returns the number of log rows.';
GRANT EXECUTE ON FUNCTION imat_catalog.clean_log(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.cluster()
  RETURNS bigint
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.cluster() IS
  'Returns the identifier of the cluster: pg_upgrade and initdb make another one.';
GRANT EXECUTE ON FUNCTION imat_catalog.cluster() TO PUBLIC;

CREATE FUNCTION imat_catalog.commit_refusal()
  RETURNS text
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.commit_refusal() IS
  'Returns the message with which this server refuses a COMMIT inside a function, in the language of the session.';
GRANT EXECUTE ON FUNCTION imat_catalog.commit_refusal() TO PUBLIC;

CREATE FUNCTION imat_catalog.commit_time(id xid)
  RETURNS timestamp with time zone
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.commit_time(xid) IS
  'Returns when a transaction committed; NULL where the server does not know it.';
GRANT EXECUTE ON FUNCTION imat_catalog.commit_time(xid) TO PUBLIC;

CREATE FUNCTION imat_catalog.copied_triggers(source oid, relation oid)
  RETURNS SETOF name
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.copied_triggers(oid,oid) IS
  'Returns the triggers on a source, or on a partition of it, that call its capture functions beside the triggers of imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.copied_triggers(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.copy_grants(source regclass, target regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.copy_grants(regclass,regclass) IS
  'Gives every role that may read the relation source the same right on the relation target, and takes all other rights on target away.';
GRANT EXECUTE ON FUNCTION imat_catalog.copy_grants(regclass,regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.count_changes()
  RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.count_changes() IS
  'Trigger: counts the rows that a statement has changed.';

CREATE FUNCTION imat_catalog.count_elapsed(view regclass, up_to integer)
  RETURNS bigint
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.count_elapsed(regclass,integer) IS
  'Returns how many rows the passing of time has changed for an imat, by the view that tells them; NULL if another session has locked what it reads. up_to: where the count stops. view NULL: an imat that no time changes.';
GRANT EXECUTE ON FUNCTION imat_catalog.count_elapsed(regclass,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.count_pending(count_up_to integer, wanted integer[])
  RETURNS TABLE(imat integer, n bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.count_pending(integer,integer[]) IS
  'Returns the number of pending rows of each imat, one row for each log that it reads, and one for rows that time has changed and labels of enums that were renamed. What time has changed counts for nothing while another session has locked the tables that tell it. count_up_to: where a count stops. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.count_pending(integer,integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.count_relation(relation regclass)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.count_relation(regclass) IS
  'Puts counting triggers on a table that has none yet, and returns its id in imat_catalog.counted. The caller has locked the table if it has none.';
GRANT EXECUTE ON FUNCTION imat_catalog.count_relation(regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.count_trees(roots oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.count_trees(oid[]) IS
  'Puts counting triggers on tables and all of their partitions. Raises lock_not_available if they cannot be locked at once.';
GRANT EXECUTE ON FUNCTION imat_catalog.count_trees(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.count_truncated()
  RETURNS trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp
  SET row_security=off;
COMMENT ON FUNCTION imat_catalog.count_truncated() IS
  'Trigger: counts the rows that a TRUNCATE removes.';

CREATE FUNCTION imat_catalog.counted_changes(of_group integer, first_id bigint, last_id bigint, in_detail boolean)
  RETURNS TABLE(member_id integer, from_id bigint, to_id bigint, role text, verb text, rows numeric)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.counted_changes(integer,bigint,bigint,boolean) IS
  'Returns what was changed in the tables of a group between two moments, or since the first one, in a few rows for each table and, if asked for in detail, role and verb.';
GRANT EXECUTE ON FUNCTION imat_catalog.counted_changes(integer,bigint,bigint,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.counting_function()
  RETURNS regproc
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.counting_function() IS
  'Returns the trigger function that counts changes: that of the extension table_change_tracker where the database has it and the current role may use it.';
GRANT EXECUTE ON FUNCTION imat_catalog.counting_function() TO PUBLIC;

CREATE FUNCTION imat_catalog.counting_trigger(event text)
  RETURNS text
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.counting_trigger(text) IS
  'Returns the name of the trigger that counts insert, update, delete or truncate.';
GRANT EXECUTE ON FUNCTION imat_catalog.counting_trigger(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.counts_as(capture oid)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.counts_as(oid) IS
  'Returns the id for which a function that captures changes counts them as well: 0 if it does not, NULL if it cannot.';
GRANT EXECUTE ON FUNCTION imat_catalog.counts_as(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.create_group(name text, tables regclass[], sequences regclass[], mark text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.create_group(text,regclass[],regclass[],text) IS
  'What imat.create_group tries. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.create_group(text,regclass[],regclass[],text) TO PUBLIC;

CREATE FUNCTION imat_catalog.cut_off_message()
  RETURNS text
  LANGUAGE sql IMMUTABLE;
COMMENT ON FUNCTION imat_catalog.cut_off_message() IS
  'Returns the error text of an attempt that neither succeeded nor failed, because its worker or its session ended.';
GRANT EXECUTE ON FUNCTION imat_catalog.cut_off_message() TO PUBLIC;

CREATE FUNCTION imat_catalog.differences(wanted integer[])
  RETURNS TABLE(imat_id integer, message text)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET quote_all_identifiers=off
  SET jit=off
  SET plan_cache_mode=force_generic_plan;
COMMENT ON FUNCTION imat_catalog.differences(integer[]) IS
  'Returns how what imats depend on differs from what it was at the conversion: capture on their sources, tables, views and functions. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.differences(integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.distinct_values(imat integer, relation regclass, attnum integer)
  RETURNS bigint
  LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.distinct_values(integer,regclass,integer) IS
  'Returns how many different values the planner expects in a column of a source; NULL without statistics.';
GRANT EXECUTE ON FUNCTION imat_catalog.distinct_values(integer,regclass,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.drop_group(group_name text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.drop_group(text) IS
  'What imat.drop_group tries. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.drop_group(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.enable_trigger(relation regclass, name text, state text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.enable_trigger(regclass,text,text) IS
  'Enables or disables a trigger as a value of pg_trigger.tgenabled says.';
GRANT EXECUTE ON FUNCTION imat_catalog.enable_trigger(regclass,text,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.end_history()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.end_history() IS
  'Drops the event triggers of the schema history if there is neither an imat nor a member of a group. What was recorded stays.';
GRANT EXECUTE ON FUNCTION imat_catalog.end_history() TO PUBLIC;

CREATE FUNCTION imat_catalog.end_members(target imat_catalog.change_group, members integer[], mark text, stops boolean)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.end_members(imat_catalog.change_group,integer[],text,boolean) IS
  'Ends the counting of tables and sequences for a group with a mark.';
GRANT EXECUTE ON FUNCTION imat_catalog.end_members(imat_catalog.change_group,integer[],text,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.expected_rows(imat integer, log regclass)
  RETURNS integer
  LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.expected_rows(integer,regclass) IS
  'Returns how many rows of a log are pending for an imat, at most 1000, for the planner.';
GRANT EXECUTE ON FUNCTION imat_catalog.expected_rows(integer,regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.expressions_kept(former jsonb, present jsonb)
  RETURNS boolean
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.expressions_kept(jsonb,jsonb) IS
  'Returns true if no expression of a generated column was changed between two answers of generated_columns, other than that it was dropped.';
GRANT EXECUTE ON FUNCTION imat_catalog.expressions_kept(jsonb,jsonb) TO PUBLIC;

CREATE FUNCTION imat_catalog.extension_function(signature text)
  RETURNS regproc
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp
  SET quote_all_identifiers=off;
COMMENT ON FUNCTION imat_catalog.extension_function(text) IS
  'Returns a function of the extension table_change_tracker; NULL if the database does not have it. signature: its name without schema, and its argument types.';
GRANT EXECUTE ON FUNCTION imat_catalog.extension_function(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.fact_difference(class oid, object oid, before jsonb, now jsonb)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.fact_difference(oid,oid,jsonb,jsonb) IS
  'Returns as text how an object that an imat uses differs from what it was at the conversion.';
GRANT EXECUTE ON FUNCTION imat_catalog.fact_difference(oid,oid,jsonb,jsonb) TO PUBLIC;

CREATE FUNCTION imat_catalog.fact_version(class oid, object oid)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.fact_version(oid,oid) IS
  'Returns the version of a function, an operator, a cast or a view; NULL for anything else. It changes when the object is replaced.';
GRANT EXECUTE ON FUNCTION imat_catalog.fact_version(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.fill_slot(imat integer, in_place boolean)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.fill_slot(integer,boolean) IS
  'Fills a slot of a swap imat with the rows of its definition and makes that slot active: the slot that open_slot prepared, or with in_place the active slot. Returns the number of rows.';
GRANT EXECUTE ON FUNCTION imat_catalog.fill_slot(integer,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.fills_elsewhere(imat integer)
  RETURNS integer[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.fills_elsewhere(integer) IS
  'Returns the process ids of sessions that fold, fill or load only imats that do not read this one. Their transactions cannot read its previous slot.';
GRANT EXECUTE ON FUNCTION imat_catalog.fills_elsewhere(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.find(wanted text)
  RETURNS imat_catalog.imat
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.find(text) IS
  'Returns the imat with this name; raises an error if there is none or if it is not loaded yet.';
GRANT EXECUTE ON FUNCTION imat_catalog.find(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.find_group(group_name text, to_write boolean)
  RETURNS imat_catalog.change_group
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.find_group(text,boolean) IS
  'Returns the group of that name. Raises an error if there is none, or if the caller must not change it (to_write) or read it.';
GRANT EXECUTE ON FUNCTION imat_catalog.find_group(text,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.find_mark(target imat_catalog.change_group, named text)
  RETURNS imat_catalog.moment
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.find_mark(imat_catalog.change_group,text) IS
  'Returns a mark of a group by its name, or the last one for LAST_MARK and EMAJ_LAST_MARK.';
GRANT EXECUTE ON FUNCTION imat_catalog.find_mark(imat_catalog.change_group,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.find_range(group_name text, first_mark text, last_mark text, OUT target imat_catalog.change_group, OUT first_id bigint, OUT last_id bigint)
  RETURNS record
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.find_range(text,text,text) IS
  'Returns a group that the caller may read, and the moments between two of its marks; NULL for the last one is now. Warns of times in the range when nothing was counted.';
GRANT EXECUTE ON FUNCTION imat_catalog.find_range(text,text,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.finish_swap(imat integer, patience interval)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.finish_swap(integer,interval) IS
  'Ends a swap whose new table is in place: when no open transaction can read the previous slot, the view reads the active slot alone and the previous slot is dropped. Returns true if nothing is left to do; raises an error if it cannot have the locks.';
GRANT EXECUTE ON FUNCTION imat_catalog.finish_swap(integer,interval) TO PUBLIC;

CREATE FUNCTION imat_catalog.fold_counters()
  RETURNS bigint
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET enable_nestloop=off
  SET jit=off;
COMMENT ON FUNCTION imat_catalog.fold_counters() IS
  'Adds up the counters of intervals that have ended; returns how many it has removed. Groups must be locked against changes of their tables and against the deletion of marks.';
GRANT EXECUTE ON FUNCTION imat_catalog.fold_counters() TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_any_part()
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_any_part() IS
  'Takes in one change of the partitions of any source; false if there is none left that can be taken in now.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_any_part() TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_capture()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_capture() IS
  'Has the counting triggers count again where capture cannot any more.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_capture() TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_identities()
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_identities() IS
  'Makes the identity columns of the catalog go on behind the values that are in use.';

CREATE FUNCTION imat_catalog.follow_members(changed oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.follow_members(oid[]) IS
  'Counts the partitions of the partitioned tables in groups as they are now. changed: only of those to which one of these tables belongs; NULL: of all. What is locked is left to the next call.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_members(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_part(source oid)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.follow_part(oid) IS
  'Takes in one change of the parts of a source: one that is new, or one that has gone with all below it. Returns false if there is none, or if a lock is not free.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_part(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_partitions()
  RETURNS event_trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_partitions() IS
  'Event trigger: begins and ends the counting of partitions with the command that makes them.';

CREATE FUNCTION imat_catalog.follow_partitions_from_now_on()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_partitions_from_now_on() IS
  'Creates the event trigger that follows partitions, if a partitioned table is in a group.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_partitions_from_now_on() TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_partitions_no_more()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_partitions_no_more() IS
  'Drops the event trigger that follows partitions, if no partitioned table is in a group.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_partitions_no_more() TO PUBLIC;

CREATE FUNCTION imat_catalog.follow_parts_of(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.follow_parts_of(integer) IS
  'Takes in one change of the partitions of an imat''s sources; false if there is none left that can be taken in now. Call it in READ COMMITTED transactions until it returns false.';
GRANT EXECUTE ON FUNCTION imat_catalog.follow_parts_of(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.found_by_name(schemas name[], functions name[], operators name[], types name[], value_types oid[])
  RETURNS TABLE(class oid, object oid)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET plan_cache_mode=force_generic_plan;
COMMENT ON FUNCTION imat_catalog.found_by_name(name[],name[],name[],name[],oid[]) IS
  'Returns the functions, operators, casts, types, collations and text search configurations, none of them PostgreSQL''s own, that a body may find by the names given (names_in_body); without names of functions only casts to the types given (casts_looked_up).';
GRANT EXECUTE ON FUNCTION imat_catalog.found_by_name(name[],name[],name[],name[],oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.frontiers_read(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.frontiers_read(integer) IS
  'Returns the frontiers of the stored imats that an imat reads, as one text to compare.';
GRANT EXECUTE ON FUNCTION imat_catalog.frontiers_read(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.full_xid(id xid)
  RETURNS xid8
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.full_xid(xid) IS
  'Returns the 64 bits of a transaction id of the last two thousand million transactions; NULL for one that is not of a transaction.';
GRANT EXECUTE ON FUNCTION imat_catalog.full_xid(xid) TO PUBLIC;

CREATE FUNCTION imat_catalog.generated_columns(imat integer, relation oid)
  RETURNS jsonb
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.generated_columns(integer,oid) IS
  'Returns the expressions of the generated columns of a table that an imat reads, by column, and where it has any, or had when that was noted, which files the rows are in.';
GRANT EXECUTE ON FUNCTION imat_catalog.generated_columns(integer,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.granted_like(imat integer)
  RETURNS oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.granted_like(integer) IS
  'Returns the relation whose readers may read the imat; NULL if there is none.';
GRANT EXECUTE ON FUNCTION imat_catalog.granted_like(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.grants_on(relation oid)
  RETURNS jsonb
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.grants_on(oid) IS
  'Returns who may read a relation besides its owner: grantees, columns, grant options.';
GRANT EXECUTE ON FUNCTION imat_catalog.grants_on(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.has_changed(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.has_changed(integer) IS
  'Returns true if a swap of the imat may store something else than what is stored now.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_changed(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.has_images()
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.has_images() IS
  'Returns whether the schema history has images of objects of this database: a restore and pg_upgrade give objects other OIDs.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_images() TO PUBLIC;

CREATE FUNCTION imat_catalog.has_pending(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.has_pending(integer) IS
  'Returns true if the logs hold at least one row that the next fold or swap of the imat takes in, or time has changed a row for it, or a label of an enum that it reads was renamed; also if another session has locked the tables that tell what time has changed.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_pending(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.has_reset(imat integer)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.has_reset(integer) IS
  'Returns true if a source of the imat was changed in a way that its log does not have as rows, since the imat''s frontier: the state must be computed anew.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_reset(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.has_trees(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.has_trees(integer) IS
  'Returns true if the parts of each source of the imat that has parts are those that are captured.';
GRANT EXECUTE ON FUNCTION imat_catalog.has_trees(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.hidden_rows(view oid)
  RETURNS jsonb
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.hidden_rows(oid) IS
  'Returns as a fact of a view, or a materialized view, that it reads a table with row-level security that applies to its owner; nothing if it does not.';
GRANT EXECUTE ON FUNCTION imat_catalog.hidden_rows(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.hides_rows(imat integer, relation oid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.hides_rows(integer,oid) IS
  'Returns true if the policies of a table with row-level security apply to the role that owns the imat, to the owner of its materialized view, or to the owner of the table.';
GRANT EXECUTE ON FUNCTION imat_catalog.hides_rows(integer,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.hold_publication(all_ids integer[], ids integer[], last_id integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.hold_publication(integer[],integer[],integer) IS
  'Claims the imats that a publication stores, and holds their sources. Returns false if one cannot be had, or if the list of those that have changed no longer holds.';
GRANT EXECUTE ON FUNCTION imat_catalog.hold_publication(integer[],integer[],integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.hold_sources(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.hold_sources(integer) IS
  'Locks the sources of an imat against TRUNCATE and rewrites until the transaction ends. Returns false if a lock is not free, if one of them was truncated or rewritten since the snapshot was taken, if it has other partitions than those that are captured, or if the imat was built anew or reverted since. Raises an error if objects that it is made of were dropped.';
GRANT EXECUTE ON FUNCTION imat_catalog.hold_sources(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.hold_views(locks text)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.hold_views(text) IS
  'Executes what view_locks has returned; false if a lock is not free.';
GRANT EXECUTE ON FUNCTION imat_catalog.hold_views(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.idle_slot(swap jsonb, active oid)
  RETURNS integer
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.idle_slot(jsonb,oid) IS
  'Returns the index, 0 or 1, of the slot of a swap imat that is not active.';
GRANT EXECUTE ON FUNCTION imat_catalog.idle_slot(jsonb,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.imats_naming(changed oid[])
  RETURNS integer[]
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.imats_naming(oid[]) IS
  'Returns the imats whose functions have bodies that may take one of the objects given by its name.';
GRANT EXECUTE ON FUNCTION imat_catalog.imats_naming(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.interval_bounds(start_group text, start_mark text, end_group text, end_mark text, OUT first_id bigint, OUT last_id bigint)
  RETURNS record
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.interval_bounds(text,text,text,text) IS
  'Returns the moments of two marks, of two groups perhaps; NULL for the end is now.';
GRANT EXECUTE ON FUNCTION imat_catalog.interval_bounds(text,text,text,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.interval_rows(member integer, from_id bigint, to_id bigint)
  RETURNS bigint
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.interval_rows(integer,bigint,bigint) IS
  'Returns how many rows of a table of a group were changed between two moments.';
GRANT EXECUTE ON FUNCTION imat_catalog.interval_rows(integer,bigint,bigint) TO PUBLIC;

CREATE FUNCTION imat_catalog.intervals(of_kind text, of_schema text, of_name text)
  RETURNS TABLE(group_name text, member_id integer, from_id bigint, from_mark text, from_at timestamp with time zone, is_start boolean, to_id bigint, to_mark text, to_at timestamp with time zone, is_stop boolean)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.intervals(text,text,text) IS
  'Returns the intervals between the marks of the groups that have the table or sequence, as far as the caller may read them. The last one may have no end yet.';
GRANT EXECUTE ON FUNCTION imat_catalog.intervals(text,text,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_built(imat integer)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_built(integer) IS
  'Returns true while another session converts, repairs or alters the imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_built(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_capturable(source oid, part oid)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_capturable(oid,oid) IS
  'Returns true if every change of a part of a source fires the statement triggers of the source or of one of its parts.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_capturable(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_committed(id xid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
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

CREATE FUNCTION imat_catalog.is_outgrown(imat integer, frontier pg_snapshot, for_one integer)
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_outgrown(integer,pg_snapshot,integer) IS
  'Returns true if the number of rows that are pending for an imat makes it cheaper to compute its answer anew. for_one: how many rows are computed anew in the time that a pending one takes.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_outgrown(integer,pg_snapshot,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_registered(source oid, log oid)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_registered(oid,oid) IS
  'Returns true if the extension writes the changes of a source to this log.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_registered(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_renamed(relations regclass[], noted text[])
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_renamed(regclass[],text[]) IS
  'Returns whether any of these relations has another name than the noted one, or is another one than that name means now.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_renamed(regclass[],text[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_restoring(name text)
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.is_restoring(text) IS
  'Returns true if a restore reads an imat that came with it, to populate a materialized view.';

CREATE FUNCTION imat_catalog.is_rewritten(sources regclass[])
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_rewritten(regclass[]) IS
  'Returns true if one of the tables, or a part of one, was truncated or rewritten after the snapshot was taken: PostgreSQL reads it as empty then.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_rewritten(regclass[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_rewritten_meanwhile(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_rewritten_meanwhile(integer) IS
  'Returns true if a source of the imat, or a part of one, was truncated or rewritten after the snapshot of a READ COMMITTED statement was taken, which PostgreSQL then reads as empty.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_rewritten_meanwhile(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_stored(imat integer, stored oid, name text)
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.is_stored(integer,oid,text) IS
  'Returns true if the table is the one that the reader''s snapshot knows as the stored table of the imat; raises an error otherwise. A view evaluates it once for each read.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_stored(integer,oid,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_tree(source regclass, parents oid[], parts oid[])
  RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_tree(regclass,oid[],oid[]) IS
  'Returns true if the partitions of a table, or the tables that inherit from it, are those that are captured. Otherwise the log and the states do not stand for the rows of the table.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_tree(regclass,oid[],oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_unaltered(source oid, part oid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_unaltered(oid,oid) IS
  'Returns true if no ALTER TABLE can have changed the rows of a part of a source since its capture began.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_unaltered(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_unfit(source oid, part oid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.is_unfit(oid,oid) IS
  'Returns true if a part of a source can change without firing the triggers of capture.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_unfit(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.is_within(schema name, schemas name[])
  RETURNS boolean
  LANGUAGE sql STABLE;
COMMENT ON FUNCTION imat_catalog.is_within(name,name[]) IS
  'Returns true if what a schema has can be found in one of the schemas given, or NULL for any.';
GRANT EXECUTE ON FUNCTION imat_catalog.is_within(name,name[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.keep_counting(tables oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.keep_counting(oid[]) IS
  'After a command of a user: has the counting triggers of these tables count what capture counts no longer.';
GRANT EXECUTE ON FUNCTION imat_catalog.keep_counting(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.known_objects()
  RETURNS TABLE(class_id oid, object_id oid, imat text)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.known_objects() IS
  'Returns the relations and functions that imats read, with the imat, and the members of groups.';
GRANT EXECUTE ON FUNCTION imat_catalog.known_objects() TO PUBLIC;

CREATE FUNCTION imat_catalog.labels_changed(held regclass)
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.labels_changed(regclass) IS
  'Returns true if a label of an enum was renamed since the values of these enums were taken down in this table, or a value was added to one that the definition lists. NULL: an imat that depends on no label.';
GRANT EXECUTE ON FUNCTION imat_catalog.labels_changed(regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.labels_of(enum oid, known jsonb)
  RETURNS jsonb
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.labels_of(oid,jsonb) IS
  'Returns the labels of an enum by the OIDs of its values, of those that are known, if any are.';
GRANT EXECUTE ON FUNCTION imat_catalog.labels_of(oid,jsonb) TO PUBLIC;

CREATE FUNCTION imat_catalog.lease(imat integer, candidate text, lease_ms integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.lease(integer,text,integer) IS
  'Leases a unit of work, named by its least imat, to a worker; returns false if another worker holds it.';
GRANT EXECUTE ON FUNCTION imat_catalog.lease(integer,text,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.lease_request(candidate text, lease_ms integer, first_ms integer, most_ms integer)
  RETURNS TABLE(id bigint, name text, attempts integer)
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.lease_request(text,integer,integer,integer) IS
  'Leases the oldest open request to a worker and returns it; notes the attempt as begin_attempt does.';
GRANT EXECUTE ON FUNCTION imat_catalog.lease_request(text,integer,integer,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.leave(member integer, counted integer)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.leave(integer,integer) IS
  'Ends the counting of a table, which the caller has locked, for one table of a group, which is itself or was its parent.';
GRANT EXECUTE ON FUNCTION imat_catalog.leave(integer,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.lock_class()
  RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION imat_catalog.lock_class() IS
  'Returns the first key of all advisory locks of imat but those of sources; the second key is the id of an imat, 0 for the catalog itself, -1 for counters, -2 for the comparison of schemas, -3 for the names of E-Maj. Folds and swaps do not depend on them.';
GRANT EXECUTE ON FUNCTION imat_catalog.lock_class() TO PUBLIC;

CREATE FUNCTION imat_catalog.lock_holder(relation oid, lock_mode text)
  RETURNS text
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.lock_holder(oid,text) IS
  'Returns a sentence that says which other session or prepared transaction keeps this one from locking a table in SHARE ROW EXCLUSIVE or ACCESS EXCLUSIVE mode.';
GRANT EXECUTE ON FUNCTION imat_catalog.lock_holder(oid,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.lock_relation(relation regclass, lock_mode text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.lock_relation(regclass,text) IS
  'Locks a table with its partitions. Raises an error if it was dropped, or if another table had its name at that moment.';
GRANT EXECUTE ON FUNCTION imat_catalog.lock_relation(regclass,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.lock_tables(tables oid[], lock_mode text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.lock_tables(oid[],text) IS
  'Locks all of the tables or none, without their partitions and children. Raises lock_not_available if that takes more than 50 ms.';
GRANT EXECUTE ON FUNCTION imat_catalog.lock_tables(oid[],text) TO PUBLIC;

CREATE FUNCTION imat_catalog.log_part(source oid, part regclass, sign integer)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET row_security=off;
COMMENT ON FUNCTION imat_catalog.log_part(oid,regclass,integer) IS
  'Logs the rows of a table that has become a partition of a source (sign 1) or is none any more (sign -1). If there is no table to read (part is NULL), or it has other columns now, it writes a reset mark.';
GRANT EXECUTE ON FUNCTION imat_catalog.log_part(oid,regclass,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.look(since text, count_up_to integer, wanted integer[])
  RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.look(text,integer,integer[]) IS
  'Returns everything that a worker bases its decisions on, as one document. since: the snapshot of the previous answer; if nothing has ended since, the rest is left out; if NULL, imats that do not pass their checks are marked as broken first. count_up_to: where the count of pending rows stops. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.look(text,integer,integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.lost_rights(imat integer)
  RETURNS TABLE(severity text, message text, hint text)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.lost_rights(integer) IS
  'Returns as a problem that the owner of an imat has lost rights on a source; no row if it has not.';
GRANT EXECUTE ON FUNCTION imat_catalog.lost_rights(integer) TO PUBLIC;

CREATE PROCEDURE imat_catalog.maintain(IN name text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.maintain(text) IS
  'Does for one imat what a worker would do, in SQL alone: folds pending changes, or swaps after a change when the interval has passed. Jobs of pg_cron call it; errors are reported by the job.';
GRANT EXECUTE ON PROCEDURE imat_catalog.maintain(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.make_private(target oid, but_public boolean DEFAULT false)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.make_private(oid,boolean) IS
  'Takes all rights on a table, view, sequence, routine or schema from everybody but its owner and, with but_public, but PUBLIC.';
GRANT EXECUTE ON FUNCTION imat_catalog.make_private(oid,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.mark_arrived()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.mark_arrived() IS
  'Marks as broken or as restored all that reads logs and counters to which the data of a dump was added.';
GRANT EXECUTE ON FUNCTION imat_catalog.mark_arrived() TO PUBLIC;

CREATE FUNCTION imat_catalog.mark_name(of_group integer, named text)
  RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.mark_name(integer,text) IS
  'Returns the name of a new mark, with the time of the clock for each %. Raises an error if the group has a mark of that name.';
GRANT EXECUTE ON FUNCTION imat_catalog.mark_name(integer,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.may_read_group(role oid, group_id integer)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.may_read_group(oid,integer) IS
  'Returns true if the role has SELECT on all tables and sequences that are or were in the group. If one of them has been dropped, the role must have the rights of the group''s owner.';
GRANT EXECUTE ON FUNCTION imat_catalog.may_read_group(oid,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.may_read_relation(role oid, relation oid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.may_read_relation(oid,oid) IS
  'Returns true if the role has SELECT on a table, view or sequence.';
GRANT EXECUTE ON FUNCTION imat_catalog.may_read_relation(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.missing_objects(imat integer)
  RETURNS TABLE(what text, folds boolean)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.missing_objects(integer) IS
  'Returns what an imat is made of and is gone, besides its view, its definition, its first stored table and its fold function. folds: only folds need it, so reads are right without it.';
GRANT EXECUTE ON FUNCTION imat_catalog.missing_objects(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.name_of(relation oid, noted text)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.name_of(oid,text) IS
  'Returns the qualified name of a relation; the noted one if there is no such relation.';
GRANT EXECUTE ON FUNCTION imat_catalog.name_of(oid,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.names_in_body(function oid, schemas name[])
  RETURNS TABLE(found_in name[], functions name[], operators name[], types name[], value_types oid[])
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.names_in_body(oid,name[]) IS
  'Returns the names that a body in quotes may look up of functions, operators and types (with them, of collations and text search configurations), where it finds them, and the types of its values, except PostgreSQL''s own. schemas: where names without a schema are found (path_within).';
GRANT EXECUTE ON FUNCTION imat_catalog.names_in_body(oid,name[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.names_inlined(facts jsonb)
  RETURNS text[]
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.names_inlined(jsonb) IS
  'Returns the names that a view has had whose query is in the text of a definition.';
GRANT EXECUTE ON FUNCTION imat_catalog.names_inlined(jsonb) TO PUBLIC;

CREATE FUNCTION imat_catalog.newcomer_difference(class oid, object oid)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.newcomer_difference(oid,oid) IS
  'Returns as text what is new since the conversion (newcomers).';
GRANT EXECUTE ON FUNCTION imat_catalog.newcomer_difference(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.newcomers(imat integer)
  RETURNS TABLE(class oid, object oid)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET plan_cache_mode=force_generic_plan;
COMMENT ON FUNCTION imat_catalog.newcomers(integer) IS
  'Returns what was created, renamed or moved since the conversion so that the body of a function that an imat uses may take it.';
GRANT EXECUTE ON FUNCTION imat_catalog.newcomers(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.no_frontier(name text)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE PARALLEL SAFE SECURITY DEFINER;
COMMENT ON FUNCTION imat_catalog.no_frontier(text) IS
  'Raises the error of an imat whose stored table does not match its frontier: one that is broken, or restored into another cluster, or not loaded, or stored anew after the snapshot of the transaction.';
GRANT EXECUTE ON FUNCTION imat_catalog.no_frontier(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_called(imat integer, functions oid[], watched oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET jit=off;
COMMENT ON FUNCTION imat_catalog.note_called(integer,oid[],oid[]) IS
  'Notes what the bodies of a definition''s functions use by name: the functions given, and whatever these and the definition''s own use in turn; then the rows and labels in all of them. watched: enums whose labels are kept beside what is stored.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_called(integer,oid[],oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_facts(imat integer, watched oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET jit=off;
COMMENT ON FUNCTION imat_catalog.note_facts(integer,oid[]) IS
  'Notes what the tables, views and functions that an imat uses are like now. What is stored must be computed after that. watched: enums whose labels are kept beside that.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_facts(integer,oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_inlined(imat integer, views oid[])
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET quote_all_identifiers=off;
COMMENT ON FUNCTION imat_catalog.note_inlined(integer,oid[]) IS
  'Notes views and materialized views whose queries are in the text of an imat''s definition, which does not name them.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_inlined(integer,oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_labels(imat integer, watched oid[])
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_labels(integer,oid[]) IS
  'Notes the labels of enums that the bodies of a definition''s functions may print. watched: those whose labels are kept beside what is stored.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_labels(integer,oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_members()
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_members() IS
  'Notes the names that the tables and sequences of groups have now, that some have been dropped, and who owns the groups.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_members() TO PUBLIC;

CREATE FUNCTION imat_catalog.note_moved(source oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_moved(oid) IS
  'Notes which parts that have left a source have a parent elsewhere, and marks the source as reset if one of them has come back.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_moved(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_names()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_names() IS
  'Notes the names that the relations of all imats have now, and looks up by name those that are not there. What other sessions have locked is left to the next call.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_names() TO PUBLIC;

CREATE FUNCTION imat_catalog.note_names_used()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_names_used() IS
  'Notes the names in the bodies of functions for imats that an earlier version has made.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_names_used() TO PUBLIC;

CREATE FUNCTION imat_catalog.note_renamed(wanted integer[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET quote_all_identifiers=off
  SET plan_cache_mode=force_generic_plan;
COMMENT ON FUNCTION imat_catalog.note_renamed(integer[]) IS
  'Notes the names that views have now whose queries are in the text of definitions. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_renamed(integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_rewrite()
  RETURNS event_trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_rewrite() IS
  'Event trigger: notes for record_command which tables a command rewrites.';

CREATE FUNCTION imat_catalog.note_rows(imat integer)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_rows(integer) IS
  'Notes the columns of the tables, views and composite types whose whole rows a definition has as values.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_rows(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_triggers(source oid, relation oid)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.note_triggers(oid,oid) IS
  'Notes the triggers on a source, or on a partition of it, as they are. The caller has locked the table.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_triggers(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.note_written(wanted integer[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET plan_cache_mode=force_generic_plan;
COMMENT ON FUNCTION imat_catalog.note_written(integer[]) IS
  'Notes the files and columns that tables have now whose whole rows or generated columns imats read, if their values are the same. wanted: ids of imats, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.note_written(integer[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.notice_arrival()
  RETURNS trigger
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.notice_arrival() IS
  'The trigger of imat_catalog.arrival: marks all that a dump concerns whose data is being loaded over this catalog.';
GRANT EXECUTE ON FUNCTION imat_catalog.notice_arrival() TO PUBLIC;

CREATE FUNCTION imat_catalog.objects_read(definition oid)
  RETURNS TABLE(class oid, object oid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.objects_read(oid) IS
  'Returns the tables, views and functions that a definition uses, at any depth, except PostgreSQL''s own.';
GRANT EXECUTE ON FUNCTION imat_catalog.objects_read(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.open_slot(name text)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.open_slot(text) IS
  'Prepares the idle slot of a swap imat: an empty table, and a view that reads the slot that is active. Returns false if readers prevent it; the caller then fills the active slot in place.';
GRANT EXECUTE ON FUNCTION imat_catalog.open_slot(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.outlast_writers(parents oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.outlast_writers(oid[]) IS
  'Waits for the transactions that write by one of these tables now, and not for those that begin later. Raises lock_not_available if that takes long.';
GRANT EXECUTE ON FUNCTION imat_catalog.outlast_writers(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.own_group(group_name text)
  RETURNS imat_catalog.change_group
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.own_group(text) IS
  'Returns the group, which the caller must own, locked against compactions and other changes until the transaction ends.';
GRANT EXECUTE ON FUNCTION imat_catalog.own_group(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.owns(role oid, owner oid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.owns(oid,oid) IS
  'Returns true if the role has the rights of the owner, as superusers have those of all roles.';
GRANT EXECUTE ON FUNCTION imat_catalog.owns(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.part_file(source oid, part oid)
  RETURNS jsonb
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.part_file(oid,oid) IS
  'Returns which file the rows of a part of a source are in, and which of its columns stand for those of the source.';
GRANT EXECUTE ON FUNCTION imat_catalog.part_file(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.parts_of_others(imat integer)
  RETURNS TABLE(severity text, message text, hint text)
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.parts_of_others(integer) IS
  'Returns as a problem that the capture of what is or was a part of a source has to begin or end, and that it belongs to a role whose rights the owner of an imat lacks; no row if there is none.';
GRANT EXECUTE ON FUNCTION imat_catalog.parts_of_others(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.path_within(function oid, schemas name[])
  RETURNS name[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.path_within(oid,name[]) IS
  'Returns the schemas in which a function may find names without a schema: empty for those of the session, NULL for any. schemas: those of what calls it.';
GRANT EXECUTE ON FUNCTION imat_catalog.path_within(oid,name[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.pending_rows(imat integer)
  RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.pending_rows(integer) IS
  'Returns how many log rows the next fold or swap of the imat takes in; 0 if the imat has no frontier.';

CREATE FUNCTION imat_catalog.policies_apply(role oid, relation oid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.policies_apply(oid,oid) IS
  'Returns true if a table has row-level security that applies to the role.';
GRANT EXECUTE ON FUNCTION imat_catalog.policies_apply(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.printed_expression(expression pg_node_tree, relation oid)
  RETURNS text
  LANGUAGE plpgsql STABLE STRICT
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=1ms;
COMMENT ON FUNCTION imat_catalog.printed_expression(pg_node_tree,oid) IS
  'Returns an expression of a table, such as the default of a column, as text. Raises lock_not_available if another session has locked the table.';
GRANT EXECUTE ON FUNCTION imat_catalog.printed_expression(pg_node_tree,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.printed_view(view oid)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=1ms;
COMMENT ON FUNCTION imat_catalog.printed_view(oid) IS
  'Returns the query of a view, and keeps no lock. Raises lock_not_available if another session has locked a table that the view reads.';
GRANT EXECUTE ON FUNCTION imat_catalog.printed_view(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.problems(imat integer, pending bigint)
  RETURNS TABLE(severity text, message text, hint text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.problems(integer,bigint) IS
  'Returns everything that is wrong with an imat, worst first: each problem with what to do. severity: broken, error or warning. An imat that is broken does not answer. pending: its pending rows.';

CREATE PROCEDURE imat_catalog.publish(IN names text[])
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.publish(text[]) IS
  'Publishes an imat, the last one named, and the stored imats that it reads, in the order given, at one snapshot: it folds and fills them in one REPEATABLE READ transaction.';
GRANT EXECUTE ON PROCEDURE imat_catalog.publish(text[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.put_counting(relation regclass, event text, counted text, counting regproc, is_idle boolean, state text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.put_counting(regclass,text,text,regproc,boolean,text) IS
  'Creates or replaces the trigger on a table that counts insert, update, delete or truncate. is_idle: the trigger that captures counts in its place. state: see enable_trigger.';
GRANT EXECUTE ON FUNCTION imat_catalog.put_counting(regclass,text,text,regproc,boolean,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.put_triggers()
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.put_triggers() IS
  'Creates the triggers on tables of the catalog that are not there.';
GRANT EXECUTE ON FUNCTION imat_catalog.put_triggers() TO PUBLIC;

CREATE FUNCTION imat_catalog.read_facts(imat integer, class oid, object oid)
  RETURNS jsonb
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.read_facts(integer,oid,oid) IS
  'Returns what an imat depends on of a table, view, function, operator, cast or type, as it is now; NULL if there is no such object.';
GRANT EXECUTE ON FUNCTION imat_catalog.read_facts(integer,oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.read_sequence(member integer)
  RETURNS imat_catalog.sequence_state
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.read_sequence(integer) IS
  'Returns the state of a sequence of a group as it is now; NULL if it has been dropped.';
GRANT EXECUTE ON FUNCTION imat_catalog.read_sequence(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.record(imat integer, worker_id text, action text, reason text, took_ms double precision, pending_count bigint DEFAULT NULL::bigint, count_ms double precision DEFAULT NULL::double precision, touched_rows bigint DEFAULT NULL::bigint, new_signature text DEFAULT NULL::text, code text DEFAULT NULL::text, message text DEFAULT NULL::text, detail text DEFAULT NULL::text, hint text DEFAULT NULL::text, retry_ms double precision DEFAULT NULL::double precision)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.record(integer,text,text,text,double precision,bigint,double precision,bigint,text,text,text,text,text,double precision) IS
  'Records a run for an imat: how it ended, what it cost, and when the next attempt is due. Call it with named arguments; what is left out is NULL.';
GRANT EXECUTE ON FUNCTION imat_catalog.record(integer,text,text,text,double precision,bigint,double precision,bigint,text,text,text,text,text,double precision) TO PUBLIC;

CREATE FUNCTION imat_catalog.record_command()
  RETURNS event_trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=200ms;
COMMENT ON FUNCTION imat_catalog.record_command() IS
  'Event trigger: records what a command has changed in the objects that imat knows.';

CREATE FUNCTION imat_catalog.record_commands_from_now_on()
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.record_commands_from_now_on() IS
  'Creates the event triggers of the schema history; returns false if the role may not.';
GRANT EXECUTE ON FUNCTION imat_catalog.record_commands_from_now_on() TO PUBLIC;

CREATE FUNCTION imat_catalog.record_differences(command text)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.record_differences(text) IS
  'Compares all images with PostgreSQL''s catalog, records what differs, and returns how much that was. What this transaction has written is said to be done by the command, if one is given.';
GRANT EXECUTE ON FUNCTION imat_catalog.record_differences(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.record_drop()
  RETURNS event_trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=200ms;
COMMENT ON FUNCTION imat_catalog.record_drop() IS
  'Event trigger: records which objects that imat knows a command has dropped.';

CREATE FUNCTION imat_catalog.relation_image(relations oid[])
  RETURNS TABLE(object_id oid, type text, part_id oid, object text, part text, image jsonb, made_by xid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.relation_image(oid[]) IS
  'Returns what PostgreSQL''s catalog says of relations, their columns, constraints and indexes.';
GRANT EXECUTE ON FUNCTION imat_catalog.relation_image(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.relation_named(name text)
  RETURNS regclass
  LANGUAGE sql IMMUTABLE;
COMMENT ON FUNCTION imat_catalog.relation_named(text) IS
  'Returns the relation that has a qualified name, or NULL if there is none.';
GRANT EXECUTE ON FUNCTION imat_catalog.relation_named(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.release(imat integer, holder text)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.release(integer,text) IS
  'Ends the lease of a worker on an imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.release(integer,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.release_part(source oid, part regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.release_part(oid,regclass) IS
  'Drops the triggers on a table that write to the log of a partitioned source.';
GRANT EXECUTE ON FUNCTION imat_catalog.release_part(oid,regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.remove_from_group(group_name text, tables regclass[], sequences regclass[], mark text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.remove_from_group(text,regclass[],regclass[],text) IS
  'What imat.remove_from_group tries. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.remove_from_group(text,regclass[],regclass[],text) TO PUBLIC;

CREATE FUNCTION imat_catalog.renew(units integer[], holder text, lease_ms integer)
  RETURNS void
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.renew(integer[],text,integer) IS
  'Extends the leases of a worker. The next attempt after a cut-off moves by the same time.';
GRANT EXECUTE ON FUNCTION imat_catalog.renew(integer[],text,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.require_counting(target imat_catalog.change_group)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_counting(imat_catalog.change_group) IS
  'Raises an error if the group is stopped.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_counting(imat_catalog.change_group) TO PUBLIC;

CREATE FUNCTION imat_catalog.require_intact(imat integer)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_intact(integer) IS
  'Raises an error if objects that an imat is made of were dropped.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_intact(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.require_locked(tables oid[], lock_mode text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_locked(oid[],text) IS
  'Raises an error if this session has not locked all of the tables in that mode.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_locked(oid[],text) TO PUBLIC;

CREATE FUNCTION imat_catalog.require_names(relations oid[], names text[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_names(oid[],text[]) IS
  'Raises an error if one of the relations that are there has another name now.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_names(oid[],text[]) TO PUBLIC;

CREATE PROCEDURE imat_catalog.require_no_transaction(IN caller text)
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.require_no_transaction(text) IS
  'Raises an error if the caller, a procedure, runs inside a transaction block or a function. Call it before anything is locked.';
GRANT EXECUTE ON PROCEDURE imat_catalog.require_no_transaction(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.require_part_owner(source oid, part oid, is_new boolean)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_part_owner(oid,oid,boolean) IS
  'Raises an error if what is or was a part of a source belongs to a role whose rights the current one lacks. is_new: its capture begins; otherwise it ends.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_part_owner(oid,oid,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.require_read_committed()
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_read_committed() IS
  'Raises an error if the snapshot of the transaction is older than the statement.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_read_committed() TO PUBLIC;

CREATE FUNCTION imat_catalog.require_whole(imat integer)
  RETURNS void
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.require_whole(integer) IS
  'Raises an error if what is stored of an imat may be wrong.';
GRANT EXECUTE ON FUNCTION imat_catalog.require_whole(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.required_name(relation regclass)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.required_name(regclass) IS
  'Returns the qualified name of a relation as SQL. Raises undefined_table if it was dropped.';
GRANT EXECUTE ON FUNCTION imat_catalog.required_name(regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.resume_members(target imat_catalog.change_group, mark text, by_role oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.resume_members(imat_catalog.change_group,text,oid) IS
  'Counts again, from a mark on, what the group counted when it was stopped. by_role: who must own it; NULL after a restore, where what cannot be counted is left out with a warning.';
GRANT EXECUTE ON FUNCTION imat_catalog.resume_members(imat_catalog.change_group,text,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.role_named(name text)
  RETURNS regrole
  LANGUAGE sql IMMUTABLE;
COMMENT ON FUNCTION imat_catalog.role_named(text) IS
  'Returns the role that has a quoted name, or the owner of the imat catalog if there is none.';
GRANT EXECUTE ON FUNCTION imat_catalog.role_named(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.row_columns(relation oid)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.row_columns(oid) IS
  'Returns what a whole row of a table or of a composite type is made of, to compare.';
GRANT EXECUTE ON FUNCTION imat_catalog.row_columns(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.rows_read(imat integer)
  RETURNS TABLE(relation oid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.rows_read(integer) IS
  'Returns the tables, views and composite types of which a definition, or a view or a function in it, has whole rows as values, at any depth.';
GRANT EXECUTE ON FUNCTION imat_catalog.rows_read(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.run_fold(imat integer, anew boolean)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.run_fold(integer,boolean) IS
  'Runs the fold function of an imat and returns the number of stored rows that it touched. anew: computes all rows. Raises an error of imat if objects that it is made of were dropped meanwhile.';
GRANT EXECUTE ON FUNCTION imat_catalog.run_fold(integer,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.schema_now(relations oid[], functions oid[])
  RETURNS TABLE(class_id oid, object_id oid, type text, part_id oid, object text, part text, image jsonb, made_by xid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.schema_now(oid[],oid[]) IS
  'Returns what PostgreSQL''s catalog says of relations with their parts, and of functions.';
GRANT EXECUTE ON FUNCTION imat_catalog.schema_now(oid[],oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.schemas_in(path text)
  RETURNS name[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.schemas_in(text) IS
  'Returns the names of the schemas in which a search_path may find names, in no order, with $user as it is.';
GRANT EXECUTE ON FUNCTION imat_catalog.schemas_in(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.sequence_steps(member integer, from_id bigint, to_id bigint, OUT increments bigint, OUT has_structure_changed boolean)
  RETURNS record
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.sequence_steps(integer,bigint,bigint) IS
  'Returns by how many of its increments at the start a sequence has moved between two moments; NULL if it was dropped before the second, or if a bigint cannot hold that.';
GRANT EXECUTE ON FUNCTION imat_catalog.sequence_steps(integer,bigint,bigint) TO PUBLIC;

CREATE FUNCTION imat_catalog.set_counting(capture oid, counted text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.set_counting(oid,text) IS
  'Has a function that captures changes count them for an id; not any more, if that is 0.';
GRANT EXECUTE ON FUNCTION imat_catalog.set_counting(oid,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.share_counting(relation oid, may_begin boolean)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=50ms;
COMMENT ON FUNCTION imat_catalog.share_counting(oid,boolean) IS
  'Has the triggers that capture a table count its inserts and deletes where they can, and the counting triggers elsewhere. may_begin: false if only the latter, where it is necessary. The caller has locked the table, against writers if that may begin.';
GRANT EXECUTE ON FUNCTION imat_catalog.share_counting(oid,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.shell_word(word text)
  RETURNS text
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.shell_word(text) IS
  'Returns a word as a shell reads it.';
GRANT EXECUTE ON FUNCTION imat_catalog.shell_word(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.show_rows(target oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.show_rows(oid) IS
  'Ends row-level security on a table of imat, if somebody has enabled it.';
GRANT EXECUTE ON FUNCTION imat_catalog.show_rows(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.signature(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.signature(integer) IS
  'Returns the text that tells whether an imat whose sources are not all captured has changed; NULL if nothing tells.';
GRANT EXECUTE ON FUNCTION imat_catalog.signature(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.slices(of_group integer, kind text, first_id bigint, last_id bigint)
  RETURNS TABLE(member_id integer, from_id bigint, to_id bigint)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.slices(integer,text,bigint,bigint) IS
  'Returns the parts of a range in which tables or sequences belonged to a group.';
GRANT EXECUTE ON FUNCTION imat_catalog.slices(integer,text,bigint,bigint) TO PUBLIC;

CREATE FUNCTION imat_catalog.snapshot_with_own(taken pg_snapshot, own xid8, is_before boolean)
  RETURNS pg_snapshot
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.snapshot_with_own(pg_snapshot,xid8,boolean) IS
  'Returns the snapshot in which the transaction that took it is visible, or is not.';
GRANT EXECUTE ON FUNCTION imat_catalog.snapshot_with_own(pg_snapshot,xid8,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.start_group(group_name text, mark text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.start_group(text,text) IS
  'What imat.start_group tries. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.start_group(text,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.stop_group(group_name text, mark text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.stop_group(text,text) IS
  'What imat.stop_group tries. change_members runs it.';
GRANT EXECUTE ON FUNCTION imat_catalog.stop_group(text,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.store_image(former imat_catalog.schema_image, present imat_catalog.schema_image)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.store_image(imat_catalog.schema_image,imat_catalog.schema_image) IS
  'Replaces an image by what PostgreSQL''s catalog says now; returns false if that was done before.';
GRANT EXECUTE ON FUNCTION imat_catalog.store_image(imat_catalog.schema_image,imat_catalog.schema_image) TO PUBLIC;

CREATE FUNCTION imat_catalog.store_published(imat_name text, in_place boolean)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE;
COMMENT ON FUNCTION imat_catalog.store_published(text,boolean) IS
  'Folds or fills one imat of a publication and returns the number of rows. An error carries the name of the imat as the error''s table, in the schema imat.';
GRANT EXECUTE ON FUNCTION imat_catalog.store_published(text,boolean) TO PUBLIC;

CREATE FUNCTION imat_catalog.store_sequence(member integer, moment bigint)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.store_sequence(integer,bigint) IS
  'Stores the state of a sequence at a moment.';
GRANT EXECUTE ON FUNCTION imat_catalog.store_sequence(integer,bigint) TO PUBLIC;

CREATE FUNCTION imat_catalog.swapped_elsewhere(name text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.swapped_elsewhere(text) IS
  'Raises the error of an imat that another session is swapping.';
GRANT EXECUTE ON FUNCTION imat_catalog.swapped_elsewhere(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.sync_cron(schedule text)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.sync_cron(text) IS
  'Creates and removes the jobs of pg_cron so that there is one for each imat, and returns the number of changes.';
GRANT EXECUTE ON FUNCTION imat_catalog.sync_cron(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.sync_grants(imat integer)
  RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.sync_grants(integer) IS
  'Grants and revokes on the view of an imat what was granted and revoked on its materialized view since the last time, and returns the number of changes.';
GRANT EXECUTE ON FUNCTION imat_catalog.sync_grants(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.sync_member(member integer)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.sync_member(integer) IS
  'Counts a table of a group and the partitions that it has now; partitions that have gone are counted no more. Raises lock_not_available if they cannot be locked at once.';
GRANT EXECUTE ON FUNCTION imat_catalog.sync_member(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.table_signature(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.table_signature(integer) IS
  'Returns a text that changes when a table that the imat reads and does not capture changes; NULL if one of these is of a kind that shows no changes, such as a foreign table or one from which others inherit.';
GRANT EXECUTE ON FUNCTION imat_catalog.table_signature(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.tables_of(source regclass)
  RETURNS TABLE(relid oid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.tables_of(regclass) IS
  'Returns a table and its partitions at every level, without locking them.';
GRANT EXECUTE ON FUNCTION imat_catalog.tables_of(regclass) TO PUBLIC;

CREATE FUNCTION imat_catalog.take_arrival()
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.take_arrival() IS
  'Does what the trigger of imat_catalog.arrival would have done, if the data of a dump was loaded while all triggers were disabled.';

CREATE FUNCTION imat_catalog.take_labels(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.take_labels(integer) IS
  'Takes down the labels of the enums that an imat reads. Returns true if one of them was renamed: then what is stored must be computed anew.';
GRANT EXECUTE ON FUNCTION imat_catalog.take_labels(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.take_part(source oid, part oid, is_new boolean, with_rows boolean, beside oid[] DEFAULT '{}'::oid[])
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.take_part(oid,oid,boolean,boolean,oid[]) IS
  'Begins or ends the capture of one part of a source, and logs its rows as inserted or deleted. beside: the parts whose capture the same transaction ends.';
GRANT EXECUTE ON FUNCTION imat_catalog.take_part(oid,oid,boolean,boolean,oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.take_turn(candidate text, lease_ms integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.take_turn(text,integer) IS
  'Makes a worker the ticker, or keeps it the ticker; returns false if another worker is.';
GRANT EXECUTE ON FUNCTION imat_catalog.take_turn(text,integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.takes_others(class oid, object oid, value_types oid[])
  RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.takes_others(oid,oid,oid[]) IS
  'Returns true if a function or an operator has the name of one of PostgreSQL''s own and takes a type that no value becomes which is of PostgreSQL''s own types or of those given.';
GRANT EXECUTE ON FUNCTION imat_catalog.takes_others(oid,oid,oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.triggers_of(source oid, relation oid DEFAULT NULL::oid)
  RETURNS jsonb
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET plan_cache_mode=force_generic_plan;
COMMENT ON FUNCTION imat_catalog.triggers_of(oid,oid) IS
  'Returns the capture triggers of a source and of its captured partitions, to compare: of each table that is there, which function each calls, whether it is enabled, and its version. relation: one of these tables, or NULL for all.';
GRANT EXECUTE ON FUNCTION imat_catalog.triggers_of(oid,oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.try_finish_swap(imat integer)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.try_finish_swap(integer) IS
  'Calls finish_swap if no other session works on the imat; returns false instead of waiting.';
GRANT EXECUTE ON FUNCTION imat_catalog.try_finish_swap(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.types_in(tree text)
  RETURNS SETOF oid
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.types_in(text) IS
  'Returns the types of the values in a stored tree, except PostgreSQL''s own.';
GRANT EXECUTE ON FUNCTION imat_catalog.types_in(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.types_in_bodies(imat integer)
  RETURNS SETOF oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.types_in_bodies(integer) IS
  'Returns the types of values in the bodies of functions that a definition uses, as noted.';
GRANT EXECUTE ON FUNCTION imat_catalog.types_in_bodies(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.types_read(imat integer)
  RETURNS SETOF oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.types_read(integer) IS
  'Returns the types of values in a definition and the views and functions in it, as noted.';
GRANT EXECUTE ON FUNCTION imat_catalog.types_read(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.types_within(types oid[])
  RETURNS SETOF oid
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.types_within(oid[]) IS
  'Returns types and those that they are made of, at any depth, except PostgreSQL''s own.';
GRANT EXECUTE ON FUNCTION imat_catalog.types_within(oid[]) TO PUBLIC;

CREATE FUNCTION imat_catalog.unchanged_pairs()
  RETURNS text[]
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.unchanged_pairs() IS
  'Returns the pairs imat:source that the extension table_change_tracker knows to be unchanged since the imat''s frontier; NULL if the extension is missing or does not work.';
GRANT EXECUTE ON FUNCTION imat_catalog.unchanged_pairs() TO PUBLIC;

CREATE FUNCTION imat_catalog.uncount(counted integer)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.uncount(integer) IS
  'Takes the counting triggers off a table, which the caller has locked; what they have counted stays.';
GRANT EXECUTE ON FUNCTION imat_catalog.uncount(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.unescaped(name text, escape text)
  RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path=pg_catalog, pg_temp
  SET standard_conforming_strings=on;
COMMENT ON FUNCTION imat_catalog.unescaped(text,text) IS
  'Returns a name that is written as U&"..." as it is, or NULL if it is none.';
GRANT EXECUTE ON FUNCTION imat_catalog.unescaped(text,text) TO PUBLIC;

CREATE PROCEDURE imat_catalog.upkeep()
  LANGUAGE plpgsql;
COMMENT ON PROCEDURE imat_catalog.upkeep() IS
  'Deletes the rows of all logs that every imat has taken in, and history that is older than a day; folds the counters of changes, compares the schema with its images, and notes the names that tables and views have. A job of pg_cron calls it.';
GRANT EXECUTE ON PROCEDURE imat_catalog.upkeep() TO PUBLIC;

CREATE FUNCTION imat_catalog.view_locks(imat integer)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.view_locks(integer) IS
  'Returns statements that lock all that the imat''s definition reads; an empty text if that is its sources alone. What is checked after these locks is what runs, even if the snapshot is older.';
GRANT EXECUTE ON FUNCTION imat_catalog.view_locks(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.view_query(view oid)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.view_query(oid) IS
  'Returns a hash of the query, owner and options of a view or a materialized view, which is the same for one that is created anew alike; NULL for anything else.';
GRANT EXECUTE ON FUNCTION imat_catalog.view_query(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.watch_commands()
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.watch_commands() IS
  'Creates the event triggers that notice commands which break imats, if the current role may. Returns false if it may not: then workers, folds and swaps notice them.';
GRANT EXECUTE ON FUNCTION imat_catalog.watch_commands() TO PUBLIC;

CREATE FUNCTION imat_catalog.watch_ddl()
  RETURNS event_trigger
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=2s;
COMMENT ON FUNCTION imat_catalog.watch_ddl() IS
  'The event triggers imat_ddl and imat_drop call it: it marks imats as broken whose tables, triggers, views, functions, operators, casts or types a command changes, or whose functions may take by a name what it makes.';

CREATE FUNCTION imat_catalog.watched_enums(imat integer)
  RETURNS oid[]
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.watched_enums(integer) IS
  'Returns the enums whose labels are kept beside what an imat has stored.';
GRANT EXECUTE ON FUNCTION imat_catalog.watched_enums(integer) TO PUBLIC;

CREATE FUNCTION imat_catalog.with_short_locks(what text, commands text, patience interval, held_by text)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=25ms;
COMMENT ON FUNCTION imat_catalog.with_short_locks(text,text,interval,text) IS
  'Runs commands that need short locks, all or none. It waits 25 ms for a lock, gives up all that the commands have taken, and starts again, until the given time has passed. The error then says that it could not lock what, because it is held_by.';
GRANT EXECUTE ON FUNCTION imat_catalog.with_short_locks(text,text,interval,text) TO PUBLIC;

CREATE FUNCTION imat_catalog.words_in(code text)
  RETURNS TABLE(word name, is_called boolean)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.words_in(text) IS
  'Returns the names that a body in quotes may have, and whether one may be called as a function.';
GRANT EXECUTE ON FUNCTION imat_catalog.words_in(text) TO PUBLIC;

CREATE FUNCTION imat_catalog.write_parts(source oid)
  RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.write_parts(oid) IS
  'Writes the partitions that are captured into the capture functions of a partitioned source.';
GRANT EXECUTE ON FUNCTION imat_catalog.write_parts(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.written_columns(relation oid)
  RETURNS jsonb
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.written_columns(oid) IS
  'Returns what tells whether the values of a table''s columns have been written anew: if both parts differ, they may have been. NULL for anything but a table.';
GRANT EXECUTE ON FUNCTION imat_catalog.written_columns(oid) TO PUBLIC;

CREATE FUNCTION imat_catalog.wrote_row(id xid8, made_by xid)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_catalog.wrote_row(xid8,xid) IS
  'Returns true if a transaction that changed an object''s schema wrote a row of PostgreSQL''s catalog about it, itself or in a subtransaction.';
GRANT EXECUTE ON FUNCTION imat_catalog.wrote_row(xid8,xid) TO PUBLIC;

CREATE FUNCTION imat_store.append_reset(source regclass)
  RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.append_reset(regclass) IS
  'Marks a source as reset whose capture functions cannot append to its log.';
GRANT EXECUTE ON FUNCTION imat_store.append_reset(regclass) TO PUBLIC;

CREATE FUNCTION imat_store.capture_command(source regclass, log text, numbers smallint[], event text, parts oid[] DEFAULT NULL::oid[], fired regclass DEFAULT NULL::regclass)
  RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.capture_command(regclass,text,smallint[],text,oid[],regclass) IS
  'Returns the command that appends the rows of a statement to the log of its table, with the names that the columns have now. The function of a trigger runs it.';
GRANT EXECUTE ON FUNCTION imat_store.capture_command(regclass,text,smallint[],text,oid[],regclass) TO PUBLIC;

CREATE FUNCTION imat_store.captured_rows(source regclass, parts oid[])
  RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=1ms;
COMMENT ON FUNCTION imat_store.captured_rows(regclass,oid[]) IS
  'Returns the WHERE clause that keeps rows of partitions that are captured; an empty text if all are. Raises lock_not_available if it would have to wait.';
GRANT EXECUTE ON FUNCTION imat_store.captured_rows(regclass,oid[]) TO PUBLIC;

CREATE FUNCTION imat_store.check_reset()
  RETURNS trigger
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.check_reset() IS
  'Lets a role mark only the tables that capture functions of that role capture, and those that its transaction writes to.';

CREATE FUNCTION imat_store.estimated_rows(source regclass)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.estimated_rows(regclass) IS
  'Returns about how many rows a table has, its partitions included.';
GRANT EXECUTE ON FUNCTION imat_store.estimated_rows(regclass) TO PUBLIC;

CREATE FUNCTION imat_store.has_column(relation regclass, column_name text)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.has_column(regclass,text) IS
  'Returns true if a table has a column of this name now.';
GRANT EXECUTE ON FUNCTION imat_store.has_column(regclass,text) TO PUBLIC;

CREATE FUNCTION imat_store.has_columns(source regclass, log text, numbers smallint[], names text[])
  RETURNS boolean
  LANGUAGE plpgsql IMMUTABLE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=1ms;
COMMENT ON FUNCTION imat_store.has_columns(regclass,text,smallint[],text[]) IS
  'Returns true if the columns of a source have these numbers and names and the types that its log has for them.';
GRANT EXECUTE ON FUNCTION imat_store.has_columns(regclass,text,smallint[],text[]) TO PUBLIC;

CREATE FUNCTION imat_store.has_parts(parents regclass[], parts oid[])
  RETURNS boolean
  LANGUAGE plpgsql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.has_parts(regclass[],oid[]) IS
  'Returns true if a table, the first of parents, has exactly these partitions or inheriting tables now. The other parents are those below it that can have some themselves.';
GRANT EXECUTE ON FUNCTION imat_store.has_parts(regclass[],oid[]) TO PUBLIC;

CREATE FUNCTION imat_store.inheritors(source regclass)
  RETURNS TABLE(parent oid, part oid)
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.inheritors(regclass) IS
  'Returns the partitions of a table, or the tables that inherit from it, at every level, each with each of its parents, as the snapshot shows them. It locks nothing.';
GRANT EXECUTE ON FUNCTION imat_store.inheritors(regclass) TO PUBLIC;

CREATE FUNCTION imat_store.is_detaching(parents oid[], parts oid[])
  RETURNS boolean
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.is_detaching(oid[],oid[]) IS
  'Returns true if a partition of one of these tables is being detached concurrently, other than parts.';
GRANT EXECUTE ON FUNCTION imat_store.is_detaching(oid[],oid[]) TO PUBLIC;

CREATE FUNCTION imat_store.is_locked(source regclass, with_parts boolean)
  RETURNS boolean
  LANGUAGE sql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.is_locked(regclass,boolean) IS
  'Returns true if another session has an ACCESS EXCLUSIVE lock on a table, or waits for one; with_parts: or on one of its partitions, or of the tables that inherit from it.';
GRANT EXECUTE ON FUNCTION imat_store.is_locked(regclass,boolean) TO PUBLIC;

CREATE FUNCTION imat_store.is_loggable(source regclass, changed bigint)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=1ms;
COMMENT ON FUNCTION imat_store.is_loggable(regclass,bigint) IS
  'Returns true if this many changed rows of a table are worth logging; false if to compute the state of its imats anew is cheaper.';
GRANT EXECUTE ON FUNCTION imat_store.is_loggable(regclass,bigint) TO PUBLIC;

CREATE FUNCTION imat_store.is_root(source regclass, fired regclass)
  RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.is_root(regclass,regclass) IS
  'Returns true if one function captures both tables, or if the snapshot is older than capture.';
GRANT EXECUTE ON FUNCTION imat_store.is_root(regclass,regclass) TO PUBLIC;

CREATE FUNCTION imat_store.may_append(log text)
  RETURNS boolean
  LANGUAGE plpgsql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.may_append(text) IS
  'Returns true if the current role can append to a log and mark its source as reset.';
GRANT EXECUTE ON FUNCTION imat_store.may_append(text) TO PUBLIC;

CREATE FUNCTION imat_store.part_tree(source regclass)
  RETURNS TABLE(parent oid, part oid)
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp
  SET lock_timeout=1ms;
COMMENT ON FUNCTION imat_store.part_tree(regclass) IS
  'Returns the partitions that a table has now, or the tables that inherit from it, at every level, each with its parents (NULL if it is being detached). Raises lock_not_available if a transaction that keeps its snapshot would have to wait.';
GRANT EXECUTE ON FUNCTION imat_store.part_tree(regclass) TO PUBLIC;

CREATE FUNCTION imat_store.planned_parts(source regclass)
  RETURNS oid[]
  LANGUAGE plpgsql VOLATILE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.planned_parts(regclass) IS
  'Returns the partitions of a table, or the tables that inherit from it, with which PostgreSQL plans now, whatever the snapshot is; 0 stands for those that the snapshot does not show. NULL if the role cannot ask. It locks all of them.';
GRANT EXECUTE ON FUNCTION imat_store.planned_parts(regclass) TO PUBLIC;

CREATE FUNCTION imat_store.same_type(name text, number smallint)
  RETURNS text
  LANGUAGE sql IMMUTABLE
  SET search_path=pg_catalog, pg_temp;
COMMENT ON FUNCTION imat_store.same_type(text,smallint) IS
  'Returns a condition: that a column of the source s has the type that the log l has for it.';
GRANT EXECUTE ON FUNCTION imat_store.same_type(text,smallint) TO PUBLIC;

-- VIEW imat.schema_changes (
--   not_before timestamp with time zone,
--   at timestamp with time zone,
--   xid xid8,
--   role text,
--   command text,
--   object text,
--   type text,
--   part text,
--   kind text,
--   before jsonb,
--   after jsonb,
--   source text,
--   imats text[]
-- );
COMMENT ON VIEW imat.schema_changes IS
  'The recorded changes of tables, columns, constraints, indexes, views and functions that imats read, and of members of groups; newest first.';
GRANT SELECT ON imat.schema_changes TO PUBLIC;

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
--   is_valid boolean,
--   pages bigint,
--   bytes bigint
-- );
COMMENT ON VIEW imat_catalog.log_upkeep IS
  'The logs, with what a worker bases their upkeep on.';

-- VIEW imat_catalog.member_name (
--   member_id integer,
--   schema_name name,
--   relation_name name
-- );
COMMENT ON VIEW imat_catalog.member_name IS
  'The names of tables and sequences of groups: as they are, or as they were if dropped.';

-- VIEW imat_catalog.moment_name (
--   id bigint,
--   mark text,
--   at timestamp with time zone
-- );
COMMENT ON VIEW imat_catalog.moment_name IS
  'The moments of groups, with their marks or what E-Maj shows for a deleted one.';

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
--   worker text,
--   problems jsonb,
--   log_rows bigint,
--   reset_pending boolean
-- );
COMMENT ON VIEW imat_catalog.status IS
  'One row for each imat: its strategy, state, pending rows, sizes, last run, last error and problems. The logs are those that it reads; log_rows is an estimate; reset_pending: reads use the sources until the state is computed anew.';

-- VIEW imat_catalog.unfolded_count (
--   member_id integer,
--   xid xid8,
--   role text,
--   verb text,
--   rows bigint
-- );
COMMENT ON VIEW imat_catalog.unfolded_count IS
  'The counters that are not folded yet, for each table of a group to which they belong.';
