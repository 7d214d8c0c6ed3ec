-- Change accounting: groups of tables and sequences, marks, and counters of changed rows.

-- Relations and roles are stored by name: see tables/006.sql, and docs/decisions/0041.
CREATE FUNCTION imat_catalog.relation_named(name text) RETURNS regclass
LANGUAGE sql IMMUTABLE
AS $$ SELECT pg_catalog.to_regclass(name) $$;
COMMENT ON FUNCTION imat_catalog.relation_named IS
  'Returns the relation that has a qualified name, or NULL if there is none.';

CREATE FUNCTION imat_catalog.role_named(name text) RETURNS regrole
LANGUAGE sql IMMUTABLE
AS $$
  SELECT coalesce(pg_catalog.to_regrole(name), (SELECT n.nspowner::pg_catalog.regrole
    FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) 'imat_catalog'))
$$;
COMMENT ON FUNCTION imat_catalog.role_named IS
  'Returns the role that has a quoted name, or the owner of the imat catalog if there is none.';

CREATE TABLE imat_catalog.change_group (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name <> ''),
  owner_text text NOT NULL,
  owner regrole GENERATED ALWAYS AS (imat_catalog.role_named(owner_text)) STORED,
  comment text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- an update of it computes "here" again
  counted_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The group's moments wait for each other by this row, so they have an order.
  last_moment_id bigint,
  -- false after a restore: transaction ids of another cluster mean nothing here
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining() AND counted_since IS NOT NULL)
    STORED
) WITH (fillfactor = 20);
COMMENT ON TABLE imat_catalog.change_group IS
  'The groups of tables and sequences whose changes are counted.';

CREATE TABLE imat_catalog.moment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id integer NOT NULL REFERENCES imat_catalog.change_group ON DELETE CASCADE,
  -- what is visible in it happened before
  snapshot pg_snapshot NOT NULL,
  at timestamptz NOT NULL,
  -- NULL: nobody has named it, or its mark was deleted
  mark text CHECK (mark <> ''),
  comment text,
  -- no change is counted from here to the next moment of the group
  is_stop boolean NOT NULL DEFAULT false,
  UNIQUE (group_id, mark),
  UNIQUE (group_id, id)
);
COMMENT ON TABLE imat_catalog.moment IS
  'Points in the history of a group, each a snapshot. Those that have a name are marks.';

CREATE TABLE imat_catalog.member (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id integer NOT NULL REFERENCES imat_catalog.change_group ON DELETE CASCADE,
  -- NULL when it has been dropped
  relation_text text,
  relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  kind text NOT NULL CHECK (kind IN ('table', 'sequence')),
  -- its names, for when it has been dropped
  schema_name text NOT NULL,
  relation_name text NOT NULL,
  from_id bigint NOT NULL REFERENCES imat_catalog.moment ON DELETE CASCADE,
  -- NULL while it is in the group
  to_id bigint REFERENCES imat_catalog.moment ON DELETE CASCADE
);
COMMENT ON TABLE imat_catalog.member IS
  'The times during which a table or a sequence belongs to a group.';
CREATE UNIQUE INDEX ON imat_catalog.member (group_id, relation) WHERE to_id IS NULL;
CREATE INDEX ON imat_catalog.member (from_id);
CREATE INDEX ON imat_catalog.member (to_id);

CREATE TABLE imat_catalog.counted (
  -- the argument of the triggers
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- NULL when it is no longer counted; if it is counted again, that is another row
  relation_text text,
  relation regclass UNIQUE
    GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED
);
COMMENT ON TABLE imat_catalog.counted IS
  'The tables that have counting triggers: those in groups, and the partitions of those.';

CREATE TABLE imat_catalog.member_part (
  member_id integer NOT NULL REFERENCES imat_catalog.member ON DELETE CASCADE,
  counted_id integer NOT NULL REFERENCES imat_catalog.counted ON DELETE CASCADE,
  PRIMARY KEY (member_id, counted_id)
);
COMMENT ON TABLE imat_catalog.member_part IS
  'Whose counters belong to a table of a group: its own, and those of its partitions.';
CREATE INDEX ON imat_catalog.member_part (counted_id);

-- Every writer of a counted table inserts here: so it has no index, no key and no constraint. A role
-- as a name would take 64 bytes, which writers feel.
CREATE TABLE imat_catalog.change_count (
  counted_id integer,
  xid xid8,
  role text,
  verb text,
  rows bigint
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  vacuum_truncate = false);
COMMENT ON TABLE imat_catalog.change_count IS
  'One row for each statement that changed rows of a counted table, until it is folded. The xid '
  'is that of the top-level transaction.';
ALTER TABLE imat_catalog.change_count REPLICA IDENTITY FULL;

CREATE TABLE imat_catalog.folded_count (
  member_id integer NOT NULL REFERENCES imat_catalog.member ON DELETE CASCADE,
  -- 0: the changes between one moment of the group and the next; 1: those of a block of 64 numbers,
  -- so that a long range is added up from few rows
  span smallint NOT NULL CHECK (span IN (0, 1)),
  -- the last moment before the changes; of a block its first number
  moment_id bigint NOT NULL,
  role text NOT NULL,
  verb text NOT NULL,
  rows bigint NOT NULL,
  PRIMARY KEY (member_id, span, moment_id, role, verb) INCLUDE (rows)
);
COMMENT ON TABLE imat_catalog.folded_count IS
  'The counters of the intervals that have ended, added up.';

CREATE TABLE imat_catalog.sequence_state (
  member_id integer NOT NULL REFERENCES imat_catalog.member ON DELETE CASCADE,
  moment_id bigint NOT NULL REFERENCES imat_catalog.moment ON DELETE CASCADE,
  last_value bigint NOT NULL,
  is_called boolean NOT NULL,
  increment bigint NOT NULL,
  -- start, minimum, maximum, cache and cycle, as text
  structure text NOT NULL,
  PRIMARY KEY (member_id, moment_id)
);
COMMENT ON TABLE imat_catalog.sequence_state IS 'The sequences of a group at each of its moments.';
CREATE INDEX ON imat_catalog.sequence_state (moment_id);
