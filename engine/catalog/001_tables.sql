-- The catalog: schemas and tables. Like all files here, run in one transaction, with search_path = pg_catalog.

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
  -- the rules of the views that it read when it was converted
  rules_read text[] NOT NULL DEFAULT '{}',
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
  -- what its answer depends on besides its tables' rows: 'tables' (nothing), 'settings' or 'moment'
  dependence text NOT NULL CHECK (dependence IN ('tables', 'settings', 'moment')),
  -- swap: NULL, 'filling' (the two-slot view is in place) or 'switched' (the previous slot waits to be dropped)
  swap_phase text CHECK (swap_phase IN ('filling', 'switched')),
  -- swap: the size of the active slot when it was filled the first time
  swap_bytes bigint,
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
  -- what it made; no foreign key: it outlives the imat
  imat_id integer,
  -- the worker that is at it, and how often it was tried
  worker text,
  lease_until timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  error_code text,
  error text,
  error_detail text,
  error_hint text
);
