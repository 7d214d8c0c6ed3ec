/** What looks like a change of a table, and is none. */
import type { Path } from './path.ts';

export const UNCHANGED_PATHS: readonly Path[] = [
  { name: 'nothing', action: ['SELECT * FROM t'], changes: [] },
  {
    name: 'ROLLBACK',
    action: [
      `BEGIN;
       INSERT INTO t VALUES (112, 0);
       TRUNCATE other;
       ALTER TABLE un ADD COLUMN x int;
       ROLLBACK`,
    ],
    changes: [],
  },
  {
    name: 'ROLLBACK TO SAVEPOINT',
    action: [
      `BEGIN;
       SELECT pg_current_xact_id();
       SAVEPOINT a;
       INSERT INTO t VALUES (113, 0);
       ALTER TABLE un ADD COLUMN x int;
       ROLLBACK TO a;
       COMMIT`,
    ],
    changes: [],
  },
  {
    name: 'an exception that was caught',
    action: [
      `DO $$
         BEGIN
           PERFORM pg_current_xact_id();
           BEGIN
             INSERT INTO t VALUES (114, 0);
             DROP TABLE p2;
             RAISE 'no';
           EXCEPTION WHEN OTHERS THEN
             NULL;
           END;
         END
       $$`,
    ],
    changes: [],
  },
  { name: 'UPDATE of no row', action: ['UPDATE t SET b = 0 WHERE a = -1'], changes: [] },
  { name: 'DELETE of no row', action: ['DELETE FROM p WHERE b = -1'], changes: [] },
  {
    name: 'ON CONFLICT DO NOTHING that does nothing',
    action: ['INSERT INTO t VALUES (7, 0) ON CONFLICT DO NOTHING'],
    changes: [],
  },
  { name: 'EXPLAIN', action: ['EXPLAIN INSERT INTO t VALUES (115, 1)'], changes: [] },
  { name: 'VACUUM', action: ['VACUUM t'], changes: [] },
  { name: 'VACUUM FULL', action: ['VACUUM FULL t', 'VACUUM FULL p'], changes: [] },
  { name: 'VACUUM FREEZE', action: ['VACUUM (FREEZE, ANALYZE) t'], changes: [] },
  { name: 'CLUSTER', action: ['CLUSTER t USING t_pkey', 'CLUSTER'], changes: [] },
  { name: 'ANALYZE', action: ['ANALYZE', 'ANALYZE p'], changes: [] },
  { name: 'CREATE INDEX', action: ['CREATE INDEX ON t (b)', 'CREATE INDEX ON p (b)'], changes: [] },
  {
    name: 'CREATE INDEX CONCURRENTLY',
    action: ['CREATE INDEX CONCURRENTLY ON t (b)'],
    changes: [],
  },
  { name: 'REINDEX', action: ['REINDEX TABLE t', 'REINDEX TABLE CONCURRENTLY t'], changes: [] },
  { name: 'DROP INDEX', setup: ['CREATE INDEX i ON t (b)'], action: ['DROP INDEX i'], changes: [] },
  { name: 'SELECT FOR UPDATE', action: ['SELECT * FROM t FOR UPDATE'], changes: [] },
  { name: 'LOCK', action: ['BEGIN; LOCK t; SELECT pg_current_xact_id(); COMMIT'], changes: [] },
  {
    name: 'GRANT and COMMENT',
    action: ["COMMENT ON TABLE t IS 'x'", 'GRANT SELECT ON t TO PUBLIC'],
    changes: [],
  },
  {
    name: 'CREATE TRIGGER',
    setup: ["CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"],
    action: ['CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()'],
    changes: [],
  },
  {
    name: 'temporary tables',
    action: ['CREATE TEMP TABLE tmp AS SELECT * FROM t', 'DELETE FROM tmp', 'DROP TABLE tmp'],
    changes: [],
  },
];
