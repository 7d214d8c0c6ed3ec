-- Owners say what is tracked, readers may ask, nobody else may do anything.
CREATE ROLE tct_owner;
CREATE ROLE tct_reader;
CREATE ROLE tct_column_reader;
CREATE ROLE tct_stranger;
CREATE SCHEMA home AUTHORIZATION tct_owner;
GRANT USAGE ON SCHEMA home TO PUBLIC;
SET ROLE tct_owner;
CREATE TABLE home.t (a int, b int);
GRANT SELECT ON home.t TO tct_reader;
GRANT SELECT (a) ON home.t TO tct_column_reader;
GRANT INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON home.t TO tct_stranger;
SELECT enable_table_tracking('home.t');
SELECT pg_current_snapshot() AS s \gset
RESET ROLE;

SET ROLE tct_reader;
SELECT is_table_tracked('home.t'), table_changed_since('home.t', :'s'), tables_changed_since('{home.t}', ARRAY[:'s']::pg_snapshot[]);
SELECT get_last_timestamp('home.t') IS NOT NULL, get_last_timestamps('{home.t}') IS NOT NULL, table_version('home.t') IS NOT NULL,
  commits FROM table_stats('home.t');
SELECT enable_table_tracking('home.t');
SELECT disable_table_tracking('home.t');
SELECT set_last_timestamp('home.t', '3000-01-01');
SET ROLE tct_column_reader;
SELECT table_changed_since('home.t', :'s');

-- Rights to write are none to know.
SET ROLE tct_stranger;
SELECT is_table_tracked('home.t');
SELECT get_last_timestamp('home.t');
SELECT get_last_timestamps('{home.t}');
SELECT table_changed_since('home.t', :'s');
SELECT table_changed_since('home.t', :'s', '1-1-1-1');
SELECT tables_changed_since('{home.t}', ARRAY[:'s']::pg_snapshot[]);
SELECT table_version('home.t');
SELECT table_versions('{home.t}');
SELECT table_stats('home.t');
SELECT enable_table_tracking('home.t');
SELECT disable_table_tracking('home.t');
SELECT set_last_timestamp('home.t', '3000-01-01');

-- The catalog is for nobody.
SELECT * FROM table_change_tracker.tracked_tables;
INSERT INTO table_change_tracker.tracked_tables VALUES ('pg_class');
DELETE FROM table_change_tracker.tracked_tables;
RESET ROLE;

-- A table of the catalog's name elsewhere, first in the search path, changes nothing; nor do functions and operators there.
SET ROLE tct_owner;
CREATE TABLE home.tracked_tables (relation regclass PRIMARY KEY);
CREATE FUNCTION home.pg_snapshot_xmin(pg_snapshot) RETURNS xid8 LANGUAGE sql AS $$ SELECT '9000000000000'::xid8 $$;
CREATE FUNCTION home.never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR home.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = home.never);
SET search_path = home, pg_catalog, public;
CREATE TABLE mine (a int);
SELECT public.enable_table_tracking('mine'), public.is_table_tracked('mine');
TABLE home.tracked_tables;
SELECT pg_current_snapshot() AS s \gset
INSERT INTO mine VALUES (1);
SELECT public.table_changed_since('mine', :'s');
RESET search_path;
RESET ROLE;
TABLE table_change_tracker.tracked_tables;

-- Row security hides rows, and their changes are changes still.
SET ROLE tct_owner;
ALTER TABLE home.t ENABLE ROW LEVEL SECURITY;
SELECT pg_current_snapshot() AS s \gset
INSERT INTO home.t VALUES (1, 1);
SET ROLE tct_reader;
SELECT count(*) FROM home.t;
SELECT table_changed_since('home.t', :'s');
RESET ROLE;

-- A SECURITY DEFINER function asks with its owner's rights, and is how those who read a view only may ask.
SET ROLE tct_owner;
CREATE FUNCTION home.t_changed(pg_snapshot) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT public.table_changed_since('home.t', $1) $$;
SET ROLE tct_stranger;
SELECT home.t_changed(:'s');
RESET ROLE;
-- One that the caller owns gives the caller no more than it has.
GRANT CREATE ON SCHEMA home TO tct_stranger;
SET ROLE tct_stranger;
CREATE FUNCTION home.attack() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$ SELECT public.disable_table_tracking('home.t') $$;
SET ROLE tct_owner;
SELECT home.attack();
RESET ROLE;
SELECT is_table_tracked('home.t');

-- Ownership of a partition is not that of the whole, and the other way round.
CREATE TABLE home.whole (a int) PARTITION BY LIST (a);
CREATE TABLE home.part PARTITION OF home.whole FOR VALUES IN (1);
ALTER TABLE home.part OWNER TO tct_owner;
SET ROLE tct_owner;
SELECT enable_table_tracking('home.whole');
SELECT enable_table_tracking('home.part');
RESET ROLE;

-- Only superusers install it.
GRANT CREATE ON DATABASE :DBNAME TO tct_owner;
DROP EXTENSION table_change_tracker;
SET ROLE tct_owner;
CREATE EXTENSION table_change_tracker;
-- Without the extension a schema and a table of the catalog's name are anybody's: dropping a table does not look into them.
CREATE SCHEMA table_change_tracker;
CREATE TABLE table_change_tracker.tracked_tables (relation text, more text[]);
INSERT INTO table_change_tracker.tracked_tables VALUES ('x', '{y}');
DROP TABLE home.mine;
TABLE table_change_tracker.tracked_tables;
RESET ROLE;
-- Nor does the extension take over what is there.
\set VERBOSITY terse
CREATE EXTENSION table_change_tracker;
\set VERBOSITY default
DROP SCHEMA table_change_tracker CASCADE;
CREATE EXTENSION table_change_tracker;
DROP SCHEMA home CASCADE;
REVOKE ALL ON DATABASE :DBNAME FROM tct_owner;
DROP ROLE tct_owner, tct_reader, tct_column_reader, tct_stranger;
