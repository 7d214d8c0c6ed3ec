-- Capture: what is logged, and where it is registered.
CREATE TABLE source (gone int, id int PRIMARY KEY, k text, n numeric);
ALTER TABLE source DROP COLUMN gone;
CREATE TABLE log (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), weight integer NOT NULL, c2 int, c4 numeric);
SELECT enable_capture('source', 'log');
SELECT capture_log('source'), capture_log('log');
CREATE TRIGGER i AFTER INSERT ON source REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION capture_changes();
CREATE TRIGGER u AFTER UPDATE ON source REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION capture_changes();
CREATE TRIGGER d AFTER DELETE ON source REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION capture_changes();
CREATE VIEW logged AS SELECT weight, c2, c4 FROM log ORDER BY c2, weight, c4;

INSERT INTO source VALUES (1, 'a', 1.0), (2, 'b', NULL);
TABLE logged;
SELECT count(*) FROM log WHERE xid = pg_current_xact_id_if_assigned();
DELETE FROM log;

-- An update is logged net: not where no logged column changes, nor where values change places; numeric 1.00 is not 1.0.
UPDATE source SET k = 'c';
TABLE logged;
UPDATE source SET n = 1.00 WHERE id = 1;
TABLE logged;
DELETE FROM log;
INSERT INTO source VALUES (3, 'x', 5), (4, 'x', 6);
DELETE FROM log;
CREATE TABLE places (id int, n numeric);
CREATE TABLE places_log (xid xid8 NOT NULL, weight integer NOT NULL, c2 numeric);
INSERT INTO places VALUES (3, 5), (4, 6);
SELECT enable_capture('places', 'places_log');
CREATE TRIGGER u AFTER UPDATE ON places REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION capture_changes();
UPDATE places SET n = 11 - n;
SELECT weight, c2 FROM places_log;
UPDATE places SET n = 7;
SELECT weight, c2 FROM places_log ORDER BY c2;

-- Another log is taken while no trigger writes to the present one, and where that is gone.
CREATE TABLE other_log (xid xid8 NOT NULL, weight integer NOT NULL, c2 int);
SELECT enable_capture('source', 'other_log');
SELECT enable_capture('source', 'log');

-- Savepoints, and statements that change nothing.
BEGIN;
SAVEPOINT a;
DELETE FROM source;
ROLLBACK TO a;
DELETE FROM source WHERE id = 3;
SELECT weight, c2, xid = pg_current_xact_id() AS own FROM log;
COMMIT;
DELETE FROM log;
UPDATE source SET n = 0 WHERE id = 99;
DELETE FROM source WHERE id = 99;
TABLE logged;

-- What the log may not have, and errors.
ALTER TABLE log ADD CHECK (weight > 0);
DELETE FROM source WHERE id = 4;
ALTER TABLE log DROP CONSTRAINT log_weight_check;
DROP TABLE log CASCADE;
DELETE FROM source WHERE id = 4;
DELETE FROM source WHERE id = 5;
SELECT disable_capture('source');
SELECT enable_capture('source', 'other_log');
INSERT INTO source (id) VALUES (6);
SELECT weight, c2 FROM other_log;
DELETE FROM table_change_tracker.capture_targets;
-- Without a registration, as after a restore of this table alone.
\c -
INSERT INTO source (id) VALUES (4);
INSERT INTO source (id) VALUES (5);
SELECT enable_capture('source', 'source');
SELECT enable_capture('source', NULL);
SELECT capture_changes();
DROP TABLE source, places, places_log, other_log;
