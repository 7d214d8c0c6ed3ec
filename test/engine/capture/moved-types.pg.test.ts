/**
 * Types that are moved to another schema with their functions, as `ALTER EXTENSION .. SET SCHEMA`
 * does: writers go on, and folds too.
 */
import { expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';

/** A type whose output is not believed has its binary form to tell values apart. */
const bench = useBench(`
  CREATE SCHEMA kept;
  CREATE EXTENSION citext SCHEMA kept;
  CREATE DOMAIN code AS kept.citext;
  CREATE TYPE kept.number;
  CREATE FUNCTION kept.number_in(cstring) RETURNS kept.number
    LANGUAGE internal STABLE STRICT AS 'int4in';
  CREATE FUNCTION kept.number_out(kept.number) RETURNS cstring
    LANGUAGE internal STABLE STRICT AS 'int4out';
  CREATE FUNCTION kept.number_send(kept.number) RETURNS bytea
    LANGUAGE internal STABLE STRICT AS 'int4send';
  CREATE TYPE kept.number (INPUT = kept.number_in, OUTPUT = kept.number_out,
    SEND = kept.number_send, LIKE = int4);
  CREATE TABLE t (id int, c kept.citext, d code, n kept.number, k int);
  CREATE TABLE k (id int PRIMARY KEY, label code);
`);

const WRITES = [
  "UPDATE t SET c = 'A' WHERE id % 3 = 0",
  "UPDATE t SET d = upper(d::text), n = NULL, c = CASE WHEN id % 2 = 0 THEN '' END WHERE id < 4",
  "UPDATE t SET c = upper(c::text), n = '7', k = k + 1",
  'UPDATE k SET label = upper(label::text)',
  FOLD,
  "UPDATE t SET c = lower(c::text), d = NULL, n = '8' WHERE id > 2",
  "UPDATE k SET label = CASE WHEN id = 1 THEN '' END",
  'DELETE FROM t WHERE id = 3',
  FOLD,
];

test('a writer names no function of a type that is moved', async () => {
  await bench.user.execute(`
    INSERT INTO k SELECT i, 'k' || i FROM generate_series(0, 20) i;
    INSERT INTO t SELECT i, 'a' || i % 2, 'd' || i % 2, (i % 2)::text::kept.number, i % 3
    FROM generate_series(1, 9) i`);
  for (const query of [
    'SELECT id, c::text AS c, d::text AS d FROM t',
    'SELECT k, count(c) AS c, count(n) AS n FROM t GROUP BY k',
    'SELECT k, max(c::text) AS c, min(d) AS d FROM t GROUP BY k',
    'SELECT t.k, array_agg(t.id ORDER BY t.id) AS ids, max(k.label::text) AS label FROM t JOIN k ' +
      'ON k.id = t.k GROUP BY t.k',
  ])
    expect((await bench.convert(query)).converted.strategy).toBe('delta');
  await bench.run(WRITES);
  await bench.user.execute(`
    CREATE SCHEMA moved; ALTER TYPE kept.number SET SCHEMA moved;
    ALTER FUNCTION kept.number_send SET SCHEMA moved;
    ALTER FUNCTION kept.number_out SET SCHEMA moved;
    ALTER SCHEMA kept RENAME TO left_over`);
  await bench.run(WRITES);
});
