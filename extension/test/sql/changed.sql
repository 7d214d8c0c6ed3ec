-- The test for changes against a snapshot.
CREATE TABLE t (a int PRIMARY KEY, b int);
CREATE TABLE u (a int PRIMARY KEY REFERENCES t ON DELETE CASCADE);

-- Not tracked: nothing is known.
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s');
SELECT enable_table_tracking('t'), enable_table_tracking('u');
-- Nothing is known of the time before.
SELECT table_changed_since('t', :'s');
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s'), table_changed_since('u', :'s');

INSERT INTO t SELECT i, i FROM generate_series(1, 10) i;
SELECT table_changed_since('t', :'s'), table_changed_since('u', :'s');
-- A snapshot stays what it is.
SELECT table_changed_since('t', :'s');
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s');

-- What this transaction has done itself, at each level of savepoints, and no longer once it is rolled back.
BEGIN;
SELECT pg_current_snapshot() AS s \gset
UPDATE t SET b = 0 WHERE a = 1;
SELECT table_changed_since('t', :'s') AS written, table_changed_since('u', :'s') AS not_written;
ROLLBACK;
SELECT table_changed_since('t', :'s');
BEGIN;
SELECT pg_current_snapshot() AS s \gset
SAVEPOINT a;
INSERT INTO u VALUES (1);
SELECT table_changed_since('t', :'s') AS t, table_changed_since('u', :'s') AS u;
SAVEPOINT b;
UPDATE t SET b = 0 WHERE a = 1;
SELECT table_changed_since('t', :'s') AS t, table_changed_since('u', :'s') AS u;
ROLLBACK TO b;
SELECT table_changed_since('t', :'s') AS t, table_changed_since('u', :'s') AS u;
RELEASE a;
SELECT table_changed_since('t', :'s') AS t, table_changed_since('u', :'s') AS u;
SAVEPOINT c;
ALTER TABLE t ADD COLUMN c int;
SELECT table_changed_since('t', :'s') AS t;
ROLLBACK TO c;
SELECT table_changed_since('t', :'s') AS t;
-- By the transaction's own cascade.
SAVEPOINT d;
DELETE FROM t WHERE a = 1;
SELECT table_changed_since('u', :'s') AS u;
ROLLBACK;

-- Many at once, in the order asked.
SELECT pg_current_snapshot() AS s \gset
INSERT INTO t VALUES (11, 11);
SELECT tables_changed_since('{u, t, u}', ARRAY[:'s', :'s', :'s']::pg_snapshot[]);
SELECT tables_changed_since('{u, t}', ARRAY[:'s', pg_current_snapshot()]);
SELECT tables_changed_since('{}', '{}');
-- Never null; a table that is not there has changed.
SELECT tables_changed_since(ARRAY['u', NULL, 'u', '1']::regclass[], ARRAY[:'s', :'s', NULL, :'s']::pg_snapshot[]);
SELECT tables_changed_since('{t, u}', ARRAY[:'s']::pg_snapshot[]);
SELECT tables_changed_since(NULL, ARRAY[:'s']::pg_snapshot[]);
SELECT tables_changed_since('{t}', NULL);

-- Snapshots that this server never gave.
SELECT table_changed_since('u', '1:1:') AS long_ago, table_changed_since('u', '4000000000000:4000000000000:') AS from_elsewhere;

-- The answer is that of the moment, also inside a transaction with an old snapshot.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s');
COMMIT;

-- Writers with the statistics switched off leave no doubt: everything may have changed.
SELECT pg_current_snapshot() AS s \gset
SET track_counts = off;
SELECT table_changed_since('u', :'s') AS nothing_written;
BEGIN;
INSERT INTO t VALUES (12, 12);
SELECT table_changed_since('u', :'s') AS by_me;
COMMIT;
RESET track_counts;
SELECT table_changed_since('u', :'s'), table_changed_since('t', :'s');
-- Off for a part of the transaction only.
SELECT pg_current_snapshot() AS s, get_last_timestamp('u') AS u0 \gset
SELECT table_changed_since('u', :'s');
BEGIN;
SET LOCAL track_counts = off;
INSERT INTO t VALUES (13, 13);
SET LOCAL track_counts = on;
SELECT table_changed_since('u', :'s') AS by_me;
COMMIT;
SELECT table_changed_since('u', :'s'), get_last_timestamp('u') > :'u0' AS stamped;
CREATE FUNCTION unseen() RETURNS void LANGUAGE sql SET track_counts = off AS 'INSERT INTO t VALUES (14, 14)';
SELECT pg_current_snapshot() AS s \gset
SELECT unseen();
SELECT table_changed_since('t', :'s');
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s');
DROP FUNCTION unseen;
DROP TABLE t, u;
