-- What is counted: committed work only, and all of it.
CREATE TABLE t (a int PRIMARY KEY, b int);
CREATE TABLE u (a int REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE);
SELECT enable_table_tracking('t'), enable_table_tracking('u');
CREATE VIEW counts AS
  SELECT name, rows_inserted AS ins, rows_updated AS upd, rows_deleted AS del, truncates, commits, ddl_count AS ddl
  FROM unnest('{t,u}'::regclass[]) AS name, table_stats(name);
TABLE counts;

INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO u SELECT i FROM generate_series(1, 50) i;
TABLE counts;
UPDATE t SET a = a + 1000 WHERE a <= 10;
DELETE FROM t WHERE a BETWEEN 11 AND 30;
TABLE counts;

-- Rolled back, in full and in part.
BEGIN;
DELETE FROM t;
ROLLBACK;
BEGIN;
INSERT INTO t VALUES (1, 1);
SAVEPOINT s;
DELETE FROM t;
ROLLBACK TO s;
COMMIT;
UPDATE t SET b = 0 WHERE false;
TABLE counts;

COPY t FROM stdin;
2	2
3	3
\.
TABLE counts;
BEGIN;
INSERT INTO u VALUES (2);
TRUNCATE u;
INSERT INTO u VALUES (3), (3);
COMMIT;
TABLE counts;
ALTER TABLE t ADD COLUMN c int, ALTER COLUMN b TYPE bigint;
TABLE counts;

-- The last change.
SELECT pg_current_wal_insert_lsn() AS before, pg_snapshot_xmax(pg_current_snapshot()) AS next, clock_timestamp() AS began \gset
INSERT INTO u VALUES (3);
SELECT last_xid::text = :'next' AS xid, last_commit_lsn > :'before' AND last_commit_lsn <= pg_current_wal_insert_lsn() AS lsn,
  last_commit_time BETWEEN :'began' AND clock_timestamp() AS committed, last_ddl_time IS NULL AS no_ddl, counted_since < :'began' AS since
FROM table_stats('u');
SELECT last_ddl_time BETWEEN counted_since AND :'began' AS ddl FROM table_stats('t');

-- A partitioned table adds up its partitions, at every level.
CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (b);
CREATE TABLE p11 PARTITION OF p1 FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
SELECT enable_table_tracking('p'), enable_table_tracking('p1');
INSERT INTO p VALUES (1, 1), (2, 2);
INSERT INTO p2 VALUES (2, 2);
UPDATE p SET a = 2 WHERE a = 1;
SELECT name, rows_inserted, rows_updated, rows_deleted, commits FROM unnest('{p,p1}'::regclass[]) AS name, table_stats(name);

-- Tracked anew, counted anew.
SELECT disable_table_tracking('p'), enable_table_tracking('p');
SELECT rows_inserted, commits, last_xid, last_commit_lsn, last_commit_time FROM table_stats('p');
SELECT table_stats('p2');
DROP VIEW counts;
DROP TABLE t, u, p;
