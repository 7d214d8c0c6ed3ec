-- Schemas and tables of the catalog.

CREATE SCHEMA imat_catalog;
CREATE SCHEMA imat_store;

-- A schema imat that was there before belongs to the user: it keeps its rights and its comment, and
-- it stays when imat goes.
DO $$ BEGIN
  IF to_regnamespace('imat') IS NULL THEN
    CREATE SCHEMA imat;
    COMMENT ON SCHEMA imat IS 'imat: incrementally maintained views, and the SQL API';
  END IF;
END $$;

COMMENT ON SCHEMA imat_catalog IS 'imat: metadata; read imat_catalog.status';
COMMENT ON SCHEMA imat_store IS 'imat: change logs and stored tables';

CREATE TABLE imat_catalog.migration (
  version integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now(),
  -- in the first row: whether a user asked for the catalog, which then outlives the last imat
  explicitly boolean NOT NULL,
  -- in the last row: the hash of the files in functions/ that were run last, and the version of
  -- the imat that ran them
  functions_hash text,
  imat_version text
);
COMMENT ON TABLE imat_catalog.migration IS
  'The files of engine/catalog/tables that were run, and which functions are installed.';

CREATE TABLE imat_catalog.imat (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  strategy text NOT NULL CHECK (strategy IN ('delta', 'swap')),
  freshness text NOT NULL,
  -- installing: capture is in place, the state is not loaded yet
  -- reverting: its objects are dropped, capture perhaps not yet
  state text NOT NULL CHECK (state IN ('installing', 'active', 'reverting')),
  -- the definition as PostgreSQL printed it at the conversion
  definition text NOT NULL,
  definition_view regclass,
  -- the rules of the views that it read at the conversion
  rules_read text[] NOT NULL DEFAULT '{}',
  relation regclass,
  -- the materialized view that was converted; NULL for imat create
  original regclass,
  -- with --replace: the ordinary view in the original's place, and the name the original had
  replacement regclass,
  original_schema text,
  original_name text,
  reasons jsonb NOT NULL DEFAULT '[]',
  notes jsonb NOT NULL DEFAULT '[]',
  -- who could read the materialized view when that was last passed on: see grants_on
  grants jsonb NOT NULL DEFAULT '[]',
  -- delta: the stored table, and the function that folds into it
  stored regclass,
  fold_function text,
  -- swap: the two slots, of which frontier.state_relation names the active one, and the view's body
  -- for each situation: {"slots": [a, b], "views": [reading a, reading b], "both": reading
  -- whichever is active}
  swap jsonb,
  -- whether it calls functions of roles that are not superusers: then only its owner may run the
  -- definition
  untrusted boolean NOT NULL,
  -- whether its answer changes only when its sources do
  watchable boolean NOT NULL,
  -- what its answer depends on besides its tables' rows: 'tables' (nothing), 'settings' or 'moment'
  dependence text NOT NULL CHECK (dependence IN ('tables', 'settings', 'moment')),
  -- swap: NULL, 'filling' (the two-slot view is in place) or 'switched' (the previous slot waits to
  -- be dropped)
  swap_phase text CHECK (swap_phase IN ('filling', 'switched')),
  -- swap: the size of the active slot when it was filled the first time
  swap_bytes bigint,
  -- swap: the transactions that may still read the previous slot
  swap_waits_for text[],
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE imat_catalog.imat IS 'One row for each imat.';

-- Generated columns call it, so it belongs to the tables: a new body would not change their values.
-- It is declared IMMUTABLE only because a generated column requires that.
CREATE FUNCTION imat_catalog.is_maintaining() RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT COALESCE(pg_catalog.current_setting('imat.maintaining', true),
  '') OPERATOR(pg_catalog.=) 'on' $$;
COMMENT ON FUNCTION imat_catalog.is_maintaining IS
  'Returns true if imat writes the row; false if a restore does.';

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
  -- logs that a restore brought along, which the imats that came with them name still; they go with
  -- the last imat
  former_logs regclass[] NOT NULL DEFAULT '{}',
  -- false after a restore, when the log came along: see imat_catalog.frontier
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED
);
COMMENT ON TABLE imat_catalog.source IS 'The captured tables and their change logs.';

CREATE TABLE imat_catalog.imat_source (
  imat_id integer NOT NULL REFERENCES imat_catalog.imat ON DELETE CASCADE,
  relation regclass NOT NULL,
  -- what this imat needs logged; NULL: any change of the source counts and marks suffice
  columns smallint[],
  -- the joins in which changes of the source are added up, as numbers of this imat's; sources that
  -- have one in common are joined with each other
  joins smallint[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (imat_id, relation)
);
COMMENT ON TABLE imat_catalog.imat_source IS 'Which captured tables each imat reads.';
CREATE INDEX ON imat_catalog.imat_source (relation);

-- After a restore into another cluster, transaction ids mean nothing. There the stored table has
-- another OID; therefore state_relation is an oid, because a regclass would be restored by name. If
-- the OID is the same by chance, "here" is false: a dump leaves generated columns out, and the
-- restore computes them again.
CREATE TABLE imat_catalog.frontier (
  imat_id integer PRIMARY KEY REFERENCES imat_catalog.imat ON DELETE CASCADE,
  state_relation oid NOT NULL,
  snapshot pg_snapshot NOT NULL,
  advanced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
COMMENT ON TABLE imat_catalog.frontier IS
  'Up to which snapshot the state of each imat is maintained: every transaction visible in the '
  'snapshot is in the state.';

CREATE TABLE imat_catalog.request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  requested_by name NOT NULL DEFAULT session_user,
  requested_at timestamptz NOT NULL DEFAULT now(),
  -- NULL until it is carried out
  carried_out_at timestamptz,
  -- the imat that it created; no foreign key, because the request outlives the imat
  imat_id integer,
  -- the worker that carries it out, and the number of attempts
  worker text,
  lease_until timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  error_code text,
  error text,
  error_detail text,
  error_hint text
);
COMMENT ON TABLE imat_catalog.request IS 'Imats that were asked for by imat.create_imat.';

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
  -- of the attempt whose end is not recorded: it is under way while the lease lasts, and was cut
  -- off otherwise
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
COMMENT ON TABLE imat_catalog.schedule IS
  'For each imat: which worker holds it, how the last run went and what runs cost. A row '
  'appears with the first attempt.';

CREATE TABLE imat_catalog.history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- no foreign key: it outlives the imat; NULL for a request that made none
  imat_id integer,
  name text NOT NULL,
  worker text NOT NULL,
  action text NOT NULL CHECK (action IN ('skip', 'fold', 'swap', 'rebuild', 'finish', 'publish',
    'load', 'request')),
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
COMMENT ON TABLE imat_catalog.history IS
  'What workers decided and did. Equal skips in a row share one row.';

CREATE INDEX ON imat_catalog.history (ended_at);

CREATE INDEX ON imat_catalog.history (imat_id, id);

CREATE TABLE imat_catalog.worker (
  id text PRIMARY KEY,
  version text NOT NULL,
  lease_ms integer NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE imat_catalog.worker IS
  'The workers. A worker that has not been seen for a minute counts as gone.';

CREATE TABLE imat_catalog.ticker (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  worker text,
  until timestamptz
) WITH (fillfactor = 20);
COMMENT ON TABLE imat_catalog.ticker IS
  'The one worker that looks for work at every tick; the others sweep.';

INSERT INTO imat_catalog.ticker DEFAULT VALUES;
