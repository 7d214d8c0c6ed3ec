/** Every way to change a table, and what looks like one and is none. */
import type { Path } from './path.ts';
import { UNCHANGED_PATHS } from './paths-of-nothing.ts';
import { SCHEMA_PATHS } from './paths-of-schema.ts';

/** Tables of every kind; those in TRACKED are tracked. */
export const BASE = [
  'CREATE TABLE t (a int PRIMARY KEY, b int)',
  'INSERT INTO t SELECT i, i FROM generate_series(1, 20) i',
  'CREATE TABLE child (a int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE)',
  'INSERT INTO child SELECT i, i FROM generate_series(1, 5) i',
  'CREATE TABLE p (a int, b int) PARTITION BY LIST (a)',
  'CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (b)',
  'CREATE TABLE p11 PARTITION OF p1 FOR VALUES IN (1)',
  // Another order of columns, so that rows are converted on their way.
  'CREATE TABLE p2 (b int, a int)',
  'ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)',
  'INSERT INTO p VALUES (1, 1), (2, 2)',
  'CREATE TABLE parent (a int)',
  'CREATE TABLE middle () INHERITS (parent)',
  'CREATE TABLE leaf () INHERITS (middle)',
  'INSERT INTO leaf VALUES (1)',
  'CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t',
  'CREATE UNIQUE INDEX ON m (a)',
  'CREATE UNLOGGED TABLE un (a int)',
  'CREATE TABLE other (a int)',
];

export const TRACKED = [
  't',
  'child',
  'p',
  'p1',
  'p11',
  'p2',
  'parent',
  'leaf',
  'm',
  'un',
  'other',
] as const;

export const PATHS: readonly Path[] = [
  { name: 'INSERT', action: ['INSERT INTO t VALUES (100, 1)'], changes: ['t'] },
  {
    name: 'INSERT that is not counted, in a transaction that switches counting on',
    action: [
      'SET track_counts = off',
      'BEGIN',
      'INSERT INTO t VALUES (100, 1)',
      'SET track_counts = on',
      'COMMIT',
    ],
    changes: ['t'],
    mayChange: [...TRACKED],
  },
  { name: 'UPDATE', action: ['UPDATE t SET b = 0 WHERE a = 7'], changes: ['t'] },
  {
    name: 'UPDATE that sets what is there',
    action: ['UPDATE t SET b = b WHERE a = 7'],
    changes: ['t'],
  },
  { name: 'DELETE', action: ['DELETE FROM t WHERE a = 7'], changes: ['t'] },
  {
    name: 'MERGE that inserts',
    action: [
      `MERGE INTO t USING (VALUES (101)) s (a) ON t.a = s.a
       WHEN NOT MATCHED THEN INSERT VALUES (s.a, 0)`,
    ],
    changes: ['t'],
  },
  {
    name: 'MERGE that updates',
    action: [
      'MERGE INTO t USING (VALUES (7)) s (a) ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 0',
    ],
    changes: ['t'],
  },
  {
    name: 'MERGE that deletes from a partitioned table',
    action: ['MERGE INTO p USING (VALUES (2)) s (a) ON p.a = s.a WHEN MATCHED THEN DELETE'],
    changes: ['p', 'p2'],
  },
  {
    name: 'ON CONFLICT DO UPDATE',
    action: ['INSERT INTO t VALUES (7, 0) ON CONFLICT (a) DO UPDATE SET b = 0'],
    changes: ['t'],
  },
  { name: 'COPY', action: ['COPY t FROM PROGRAM \'printf "102\\t1\\n"\''], changes: ['t'] },
  {
    name: 'COPY FREEZE after TRUNCATE',
    action: ["BEGIN; TRUNCATE un; COPY un FROM PROGRAM 'echo 1' WITH (FREEZE); COMMIT"],
    changes: ['un'],
  },
  {
    name: 'COPY to a partitioned table',
    action: ['COPY p FROM PROGRAM \'printf "2\\t1\\n"\''],
    changes: ['p', 'p2'],
  },
  {
    name: 'a data-modifying CTE below SELECT',
    action: ['WITH d AS (DELETE FROM t WHERE a = 7 RETURNING *) SELECT * FROM d'],
    changes: ['t'],
  },
  {
    name: 'two data-modifying CTEs',
    action: [
      'WITH d AS (DELETE FROM leaf RETURNING *), i AS (INSERT INTO other SELECT * FROM d) SELECT 1',
    ],
    changes: ['leaf', 'parent', 'other'],
  },
  {
    name: 'EXPLAIN ANALYZE',
    action: ['EXPLAIN ANALYZE INSERT INTO t VALUES (103, 1)'],
    changes: ['t'],
  },
  {
    name: 'EXECUTE of a prepared statement',
    action: ['PREPARE put AS INSERT INTO t VALUES ($1, 0)', 'EXECUTE put(104)'],
    changes: ['t'],
  },
  {
    name: 'a cursor',
    action: [
      `BEGIN;
       DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE;
       FETCH c;
       UPDATE t SET b = 9 WHERE CURRENT OF c;
       COMMIT`,
    ],
    changes: ['t'],
  },
  { name: 'ON DELETE CASCADE', action: ['DELETE FROM t WHERE a = 1'], changes: ['t', 'child'] },
  {
    name: 'ON UPDATE CASCADE',
    action: ['UPDATE t SET a = 200 WHERE a = 2'],
    changes: ['t', 'child'],
  },
  { name: 'a cascade that reaches no row', action: ['DELETE FROM t WHERE a = 20'], changes: ['t'] },
  {
    name: 'a row trigger',
    setup: [
      `CREATE FUNCTION f() RETURNS trigger
       LANGUAGE plpgsql AS 'BEGIN INSERT INTO other VALUES (1); RETURN NULL; END'`,
      'CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
    ],
    action: ['UPDATE t SET b = 1 WHERE a = 7'],
    changes: ['t', 'other'],
  },
  {
    name: 'a deferred trigger',
    setup: [
      `CREATE FUNCTION f() RETURNS trigger
       LANGUAGE plpgsql AS 'BEGIN INSERT INTO other VALUES (1); RETURN NULL; END'`,
      `CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON child DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW
       EXECUTE FUNCTION f()`,
    ],
    action: ['BEGIN; INSERT INTO child VALUES (50, 3); COMMIT'],
    changes: ['child', 'other'],
  },
  {
    name: 'a procedure that commits',
    setup: [
      `CREATE PROCEDURE pr()
       LANGUAGE plpgsql
       AS $$
         BEGIN
           INSERT INTO t VALUES (105, 0);
           COMMIT;
           INSERT INTO other VALUES (1);
           ROLLBACK;
           INSERT INTO un VALUES (1);
         END
       $$`,
    ],
    action: ['CALL pr()'],
    changes: ['t', 'un'],
  },
  {
    name: 'a function',
    setup: ["CREATE FUNCTION put() RETURNS void LANGUAGE sql AS 'INSERT INTO t VALUES (106, 0)'"],
    action: ['SELECT put()'],
    changes: ['t'],
  },
  {
    name: 'an updatable view',
    setup: ['CREATE VIEW v AS SELECT * FROM t'],
    action: ['UPDATE v SET b = 3 WHERE a = 7'],
    changes: ['t'],
  },
  {
    name: 'a rule',
    setup: ['CREATE RULE r AS ON INSERT TO other DO ALSO INSERT INTO un VALUES (new.a)'],
    action: ['INSERT INTO other VALUES (1)'],
    changes: ['other', 'un'],
  },
  {
    name: 'INSERT by way of the root',
    action: ['INSERT INTO p VALUES (1, 1)'],
    changes: ['p', 'p1', 'p11'],
  },
  {
    name: 'INSERT into a leaf',
    action: ['INSERT INTO p11 VALUES (1, 1)'],
    changes: ['p', 'p1', 'p11'],
  },
  {
    name: 'INSERT into the leaf with another order of columns',
    action: ['INSERT INTO p2 (a, b) VALUES (2, 2)'],
    changes: ['p', 'p2'],
  },
  {
    name: 'a row that moves between leaves',
    action: ['UPDATE p SET a = 2 WHERE a = 1'],
    changes: ['p', 'p1', 'p11', 'p2'],
  },
  {
    name: 'INSERT into a grandchild',
    action: ['INSERT INTO leaf VALUES (2)'],
    changes: ['leaf', 'parent'],
  },
  {
    name: 'INSERT into an untracked child',
    action: ['INSERT INTO middle VALUES (2)'],
    changes: ['parent'],
  },
  {
    name: 'UPDATE of a parent that reaches a grandchild',
    action: ['UPDATE parent SET a = 3'],
    changes: ['leaf', 'parent'],
  },
  { name: 'TRUNCATE', action: ['TRUNCATE other'], changes: ['other'] },
  { name: 'TRUNCATE CASCADE', action: ['TRUNCATE t CASCADE'], changes: ['t', 'child'] },
  { name: 'TRUNCATE of the root', action: ['TRUNCATE p'], changes: ['p', 'p1', 'p11', 'p2'] },
  { name: 'TRUNCATE of a leaf', action: ['TRUNCATE p11'], changes: ['p', 'p1', 'p11'] },
  {
    name: 'released savepoints',
    action: ['BEGIN; SAVEPOINT a; INSERT INTO t VALUES (107, 0); RELEASE a; COMMIT'],
    changes: ['t'],
  },
  {
    name: 'some work rolled back to a savepoint, and some not',
    action: [
      `BEGIN;
       INSERT INTO other VALUES (1);
       SAVEPOINT a;
       INSERT INTO t VALUES (108, 0);
       ROLLBACK TO a;
       COMMIT`,
    ],
    changes: ['other'],
  },
  {
    name: 'PREPARE TRANSACTION and COMMIT PREPARED',
    action: [
      "BEGIN; INSERT INTO t VALUES (109, 0); PREPARE TRANSACTION 'x'",
      "COMMIT PREPARED 'x'",
    ],
    changes: ['t'],
    prepares: true,
  },
  {
    name: 'COMMIT PREPARED of what was prepared before',
    setup: ["BEGIN; INSERT INTO t VALUES (109, 0); PREPARE TRANSACTION 'x'"],
    action: ["COMMIT PREPARED 'x'"],
    changes: ['t'],
    prepares: true,
  },
  {
    name: 'COMMIT PREPARED of DDL',
    setup: ["BEGIN; ALTER TABLE other ADD COLUMN b int; PREPARE TRANSACTION 'x'"],
    action: ["COMMIT PREPARED 'x'"],
    changes: ['other'],
    prepares: true,
  },
  {
    name: 'session_replication_role = replica',
    action: [
      'SET session_replication_role = replica',
      'INSERT INTO t VALUES (110, 0)',
      'RESET session_replication_role',
    ],
    changes: ['t'],
  },
  {
    name: 'a write in a transaction that only then is read only',
    action: ['BEGIN; INSERT INTO other VALUES (1); SET TRANSACTION READ ONLY; COMMIT'],
    changes: ['other'],
  },
  {
    name: 'SERIALIZABLE',
    action: ['BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO t VALUES (111, 0); COMMIT'],
    changes: ['t'],
  },
  {
    name: 'an untracked table',
    setup: ['CREATE TABLE untracked (a int)'],
    action: ['INSERT INTO untracked VALUES (1)'],
    changes: [],
  },
  ...SCHEMA_PATHS,
  ...UNCHANGED_PATHS,
];
