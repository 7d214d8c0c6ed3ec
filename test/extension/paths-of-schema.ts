/** Schema changes that change the rows of a table. */
import type { Path } from './path.ts';

export const SCHEMA_PATHS: readonly Path[] = [
  {
    name: 'a rewriting ALTER TABLE',
    action: ['ALTER TABLE t ALTER COLUMN b TYPE bigint'],
    changes: ['t'],
    setup: ['DROP MATERIALIZED VIEW m'],
  },
  {
    name: 'ADD COLUMN with a default',
    action: ['ALTER TABLE other ADD COLUMN b int DEFAULT 5'],
    changes: ['other'],
  },
  { name: 'DROP COLUMN', action: ['ALTER TABLE child DROP COLUMN t'], changes: ['child'] },
  {
    name: 'DROP COLUMN by DROP TYPE CASCADE',
    setup: ["CREATE TYPE e AS ENUM ('x')", 'ALTER TABLE other ADD COLUMN b e'],
    action: ['DROP TYPE e CASCADE'],
    changes: ['other'],
  },
  {
    name: 'ADD COLUMN on the root',
    action: ['ALTER TABLE p ADD COLUMN c int'],
    changes: ['p', 'p1', 'p11', 'p2'],
  },
  { name: 'SET LOGGED', action: ['ALTER TABLE un SET LOGGED'], changes: ['un'] },
  {
    name: 'ATTACH PARTITION',
    setup: ['CREATE TABLE p3 (a int, b int)', 'INSERT INTO p3 VALUES (3, 3)'],
    action: ['ALTER TABLE p ATTACH PARTITION p3 FOR VALUES IN (3)'],
    changes: ['p'],
  },
  {
    name: 'ATTACH PARTITION further down',
    setup: ['CREATE TABLE p12 (a int, b int)'],
    action: ['ALTER TABLE p1 ATTACH PARTITION p12 FOR VALUES IN (2)'],
    changes: ['p', 'p1'],
  },
  {
    name: 'INSERT into a leaf attached since',
    setup: ['CREATE TABLE p12 (a int, b int)', 'INSERT INTO p11 VALUES (1, 1)'],
    action: [
      'ALTER TABLE p1 ATTACH PARTITION p12 FOR VALUES IN (2)',
      'INSERT INTO p12 VALUES (1, 2)',
    ],
    changes: ['p', 'p1'],
  },
  {
    name: 'CREATE TABLE PARTITION OF',
    action: ['CREATE TABLE p12 PARTITION OF p1 FOR VALUES IN (2)'],
    changes: ['p', 'p1'],
  },
  {
    name: 'DETACH PARTITION',
    action: ['ALTER TABLE p1 DETACH PARTITION p11'],
    changes: ['p', 'p1'],
    mayChange: ['p11'],
  },
  {
    name: 'DETACH PARTITION CONCURRENTLY',
    action: ['ALTER TABLE p DETACH PARTITION p2 CONCURRENTLY'],
    changes: ['p'],
    mayChange: ['p2'],
  },
  {
    name: 'DROP of a leaf',
    action: ['DROP TABLE p11'],
    changes: ['p', 'p1', 'p11'],
    dropped: ['p11'],
  },
  {
    name: 'DROP of a partitioned partition',
    action: ['DROP TABLE p1'],
    changes: ['p', 'p1', 'p11'],
    dropped: ['p1', 'p11'],
  },
  {
    name: 'INHERIT',
    setup: ['CREATE TABLE more (a int)'],
    action: ['ALTER TABLE more INHERIT parent'],
    changes: ['parent'],
  },
  {
    name: 'NO INHERIT',
    action: ['ALTER TABLE leaf NO INHERIT middle'],
    changes: ['parent'],
    mayChange: ['leaf'],
  },
  {
    name: 'CREATE TABLE INHERITS',
    action: ['CREATE TABLE more () INHERITS (middle)'],
    changes: ['parent'],
  },
  { name: 'REFRESH MATERIALIZED VIEW', action: ['REFRESH MATERIALIZED VIEW m'], changes: ['m'] },
  {
    name: 'REFRESH MATERIALIZED VIEW CONCURRENTLY',
    setup: ['UPDATE t SET b = 99 WHERE a = 9'],
    action: ['REFRESH MATERIALIZED VIEW CONCURRENTLY m'],
    changes: ['m'],
  },
];
