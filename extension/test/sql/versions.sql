-- Versions: the second rule for "unchanged".
CREATE TABLE t (a int);
CREATE TABLE u (a int);
SELECT enable_table_tracking('t'), enable_table_tracking('u');
INSERT INTO t VALUES (1);

-- A version is read, then a transaction with an id ends, then the snapshot is taken.
SELECT table_version('t') AS v \gset
SELECT pg_current_xact_id() IS NOT NULL AS has_id;
SELECT pg_current_snapshot() AS s \gset
SELECT table_changed_since('t', :'s', :'v');

-- What the first rule calls changed because xmin is held back: here by a snapshot made up to that end.
SELECT pg_current_xact_id()::text::bigint AS old \gset
INSERT INTO t VALUES (2);
SELECT table_version('t') AS v \gset
SELECT pg_current_xact_id()::text::bigint + 1 AS next \gset
SELECT format('%s:%s:%s', :old, :next, :old) AS s \gset
SELECT table_changed_since('t', :'s') AS by_first_rule, table_changed_since('t', :'s', :'v') AS by_both;
INSERT INTO u VALUES (1);
SELECT table_changed_since('t', :'s', :'v') AS other_table_written;
BEGIN;
INSERT INTO t VALUES (3);
SELECT table_changed_since('t', :'s', :'v') AS by_me;
ROLLBACK;
SELECT table_changed_since('t', :'s', :'v') AS rolled_back;
INSERT INTO t VALUES (3);
SELECT table_changed_since('t', :'s', :'v') AS written;

-- It proves nothing where the snapshot may be older than the version: read in the same statement, or in the same old snapshot.
SELECT table_version('t') AS v, pg_current_snapshot() AS s, pg_snapshot_xmax(pg_current_snapshot()) AS xmax \gset
SELECT table_changed_since('t', format('%s:%s:%s', :old, :xmax, :old)::pg_snapshot, :'v');
-- Nor for another table, or one that was not tracked in between.
SELECT table_version('t') AS v \gset
SELECT pg_current_xact_id()::text::bigint + 1 AS next \gset
SELECT format('%s:%s:%s', :old, :next, :old) AS s \gset
SELECT table_changed_since('t', :'s', :'v') AS t, table_changed_since('u', :'s', :'v') AS u;
SELECT disable_table_tracking('t'), enable_table_tracking('t');
SELECT table_changed_since('t', :'s', :'v') AS tracked_anew;
-- Nor where it is marked as changed, or everything is.
SELECT table_version('t') AS v \gset
SELECT pg_current_xact_id()::text::bigint + 1 AS next \gset
SELECT format('%s:%s:%s', :old, :next, :old) AS s \gset
SELECT set_last_timestamp('t', '3000-01-01'), table_changed_since('t', :'s', :'v');

-- Several at once.
SELECT array_length(table_versions('{t, u}'), 1), table_versions(ARRAY[NULL]::regclass[]), table_versions('{}');
SELECT table_versions('{t, u}') AS v \gset
SELECT pg_current_xact_id()::text::bigint + 1 AS next \gset
SELECT format('%s:%s:%s', :old, :next, :old) AS s \gset
SELECT tables_changed_since('{t, u}', ARRAY[:'s', :'s']::pg_snapshot[], :'v');
INSERT INTO u VALUES (2);
SELECT tables_changed_since('{t, u}', ARRAY[:'s', :'s']::pg_snapshot[], :'v');
SELECT tables_changed_since('{t, u}', ARRAY[:'s', :'s']::pg_snapshot[], ARRAY[NULL, NULL]::text[]);
SELECT tables_changed_since('{t, u}', ARRAY[:'s', :'s']::pg_snapshot[], ARRAY['']);
SELECT table_changed_since('t', :'s', NULL) AS no_version, table_changed_since('t', :'s', 'nonsense');
SELECT table_changed_since('t', :'s', '1-2-3-4x');
SELECT table_version(1);
DROP TABLE t, u;
