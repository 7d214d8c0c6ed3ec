-- Changed blocks: ranges, and what is refused.
CREATE TABLE t (id int, pad char(760) DEFAULT 'x') WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i FROM generate_series(0, 99) i;
VACUUM (FREEZE) t;
SELECT pg_current_wal_insert_lsn() AS since \gset
SELECT * FROM changed_blocks('t', '0/0', 4);
DELETE FROM t WHERE ctid = '(3,1)';
SELECT * FROM changed_blocks('t', :'since', 1);
SELECT * FROM changed_blocks('t', :'since', 4);
INSERT INTO t VALUES (100);
SELECT * FROM changed_blocks('t', :'since');
TRUNCATE t;
SELECT * FROM changed_blocks('t', '0/0');

SELECT * FROM changed_blocks('t', NULL);
SELECT * FROM changed_blocks('t', '0/0', 0);
CREATE UNLOGGED TABLE u (id int);
SELECT * FROM changed_blocks('u', '0/0');
CREATE TABLE p (id int) PARTITION BY LIST (id);
SELECT * FROM changed_blocks('p', '0/0');
CREATE INDEX t_id ON t (id);
SELECT * FROM changed_blocks('t_id', '0/0');
DROP TABLE t, u, p;
