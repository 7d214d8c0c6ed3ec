-- What can be tracked, and from when.
CREATE TABLE t (a int PRIMARY KEY);

-- true where something was done
SELECT is_table_tracked('t');
SELECT enable_table_tracking('t');
SELECT enable_table_tracking('t');
SELECT is_table_tracked('t');
TABLE table_change_tracker.tracked_tables;
SELECT disable_table_tracking('t');
SELECT disable_table_tracking('t');
SELECT is_table_tracked('t');

-- Enabling and disabling end with their transaction.
BEGIN;
SELECT enable_table_tracking('t');
ROLLBACK;
SELECT is_table_tracked('t');
SELECT get_last_timestamp('t');
BEGIN;
SAVEPOINT s;
SELECT enable_table_tracking('t');
ROLLBACK TO s;
SELECT get_last_timestamp('t');
COMMIT;
SELECT enable_table_tracking('t');
BEGIN;
SELECT disable_table_tracking('t');
SELECT is_table_tracked('t');
ROLLBACK;
SELECT is_table_tracked('t');
SELECT get_last_timestamp('t') IS NOT NULL AS has_timestamp;

-- A tracked table is known by its identity, not its name.
ALTER TABLE t RENAME TO renamed;
SELECT is_table_tracked('renamed');
CREATE TABLE t (a int);
SELECT is_table_tracked('t');
DROP TABLE t;
ALTER TABLE renamed RENAME TO t;

-- A dropped table leaves no row behind, whatever drops it, and one whose drop is rolled back keeps it.
BEGIN;
DROP TABLE t;
TABLE table_change_tracker.tracked_tables;
ROLLBACK;
TABLE table_change_tracker.tracked_tables;
CREATE SCHEMA s;
CREATE TABLE s.u (a int);
SELECT enable_table_tracking('s.u');
DROP SCHEMA s CASCADE;
DROP TABLE t;
TABLE table_change_tracker.tracked_tables;

-- Refused: what is not a table, what is changed elsewhere, and what is changed uncounted.
CREATE TEMP TABLE temporary (a int);
SELECT enable_table_tracking('temporary');
CREATE VIEW v AS SELECT 1 AS a;
SELECT enable_table_tracking('v');
CREATE SEQUENCE q;
SELECT enable_table_tracking('q');
SELECT enable_table_tracking('pg_class');
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE f (a int) SERVER nowhere;
SELECT enable_table_tracking('f');
CREATE TABLE p (a int) PARTITION BY RANGE (a);
ALTER TABLE p ATTACH PARTITION f FOR VALUES FROM (0) TO (10);
SELECT enable_table_tracking('p');
SELECT enable_table_tracking(1);

-- A foreign partition that comes later: from then on the table counts as changed, because its changes cannot be seen.
ALTER TABLE p DETACH PARTITION f;
SELECT enable_table_tracking('p');
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('p', :'s');
ALTER TABLE p ATTACH PARTITION f FOR VALUES FROM (0) TO (10);
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('p', :'s');
SELECT get_last_timestamp('p') < get_last_timestamp('p') AS later_each_time;

-- Null in, null out for the API that others have; the test for changes has an answer to everything.
SELECT enable_table_tracking(NULL) IS NULL AND is_table_tracked(NULL) IS NULL AND get_last_timestamp(NULL) IS NULL AS nulls;
SELECT table_changed_since(NULL, :'s'), table_changed_since('p', NULL), table_changed_since(1, :'s');

DROP VIEW v;
DROP SEQUENCE q;
DROP TABLE p;
DROP FOREIGN DATA WRAPPER nowhere CASCADE;
DROP TABLE temporary;
