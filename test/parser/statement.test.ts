/** The query within a statement that creates a view. */
import { describe, expect, test } from 'vitest';
import { queryOf } from '../../parser/statement.ts';

describe('a statement that creates a view', () => {
  test.each([
    ['CREATE VIEW v AS SELECT 1', 'SELECT 1', ''],
    ['create or replace view public.v (a, "b c") as select 1, 2;', 'select 1, 2', '(a, "b c")'],
    [
      'CREATE MATERIALIZED VIEW IF NOT EXISTS s.v (n) USING heap WITH (fillfactor = 70)\n' +
        'TABLESPACE t AS\nSELECT count(*) AS n FROM x\nWITH NO DATA;\n',
      'SELECT count(*) AS n FROM x',
      '(n)',
    ],
    ['CREATE MATERIALIZED VIEW v AS TABLE x WITH DATA', 'TABLE x', ''],
    ['CREATE VIEW v WITH (security_barrier) AS SELECT 1 WITH LOCAL CHECK OPTION', 'SELECT 1', ''],
    ['-- AS in a comment\nCREATE VIEW v AS /* of */ SELECT 1 -- end\n', 'SELECT 1', ''],
    ["CREATE VIEW ünï AS SELECT 'ä' AS x", "SELECT 'ä' AS x", ''],
    ['CREATE TEMP VIEW v AS WITH d AS (SELECT 1) SELECT * FROM d', null, ''],
  ])('%s', async (text, query, columns) => {
    const found = await queryOf(text);
    const expected = query ?? text.slice(text.indexOf('WITH'));
    expect(found).toEqual({ query: expected, start: text.indexOf(expected), columns });
  });
});

describe('what is no such statement is a query', () => {
  test.each([
    ['  SELECT a AS b FROM t;\n', 'SELECT a AS b FROM t'],
    ['WITH x AS (SELECT 1) SELECT * FROM x', 'WITH x AS (SELECT 1) SELECT * FROM x'],
    ['CREATE TABLE t AS SELECT 1', 'CREATE TABLE t AS SELECT 1'],
    [" SELECT 'open ", "SELECT 'open"],
    ['SELECT 1; SELECT 2;', 'SELECT 1; SELECT 2'],
  ])('%s', async (text, query) => {
    expect(await queryOf(text)).toEqual({ query, start: text.indexOf(query), columns: '' });
  });

  test('also where there is nothing but a comment', async () => {
    expect(await queryOf('-- nothing\n')).toMatchObject({ query: '', columns: '' });
  });
});
