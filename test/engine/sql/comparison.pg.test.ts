/** The comparison finds what is wrong, and nothing else: over plain views in the place of imats. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { useDatabase } from '../../setup/database.ts';
import { compare, type Compared, comparisonOf, type Verdict } from './subject.ts';

const database = useDatabase();
let db: Db;
let count = 0;

beforeAll(async () => {
  db = await database.connect();
  await db.execute('CREATE SCHEMA imat; CREATE SCHEMA truth');
});

async function views(
  imat: string,
  definition: string,
  ambiguous: string[] = [],
): Promise<Compared> {
  const name = `v${++count}`;
  const definitionView = `truth.${name}`;
  await db.execute(
    `CREATE VIEW imat.${name} AS ${imat}; CREATE VIEW ${definitionView} AS ${definition}`,
  );
  const named = { name, sql: definition, ambiguous };
  const comparison = await comparisonOf(db, named, definitionView);
  return { definition: named, definitionView, comparison };
}

async function verdict(imat: string, definition: string, ambiguous?: string[]): Promise<Verdict> {
  return compare(db, await views(imat, definition, ambiguous), false);
}

const EQUAL = { kind: 'equal' };

describe('equal', () => {
  test.each([
    ['rows in another order', 'VALUES (1), (2), (2), (NULL)', 'VALUES (2), (NULL), (2), (1)'],
    ['no rows', 'SELECT 1 AS a WHERE false', 'SELECT 1 AS a WHERE false'],
    ['json', `SELECT '{"a":1}'::json AS j`, `SELECT '{"a":1}'::json AS j`],
    ['floats summed in another order', 'SELECT 0.3::float8 AS f', 'SELECT 0.1::float8 + 0.2 AS f'],
    ['NaN', `SELECT 'NaN'::float8 AS f`, `SELECT 'NaN'::float8 AS f`],
  ])('%s', async (_, imat, definition) => {
    expect(await verdict(imat, definition)).toEqual(EQUAL);
  });

  test('equal values of an ambiguous column', async () => {
    const [imat, definition] = ['SELECT 1.0 AS k, 2 AS n', 'SELECT 1.00 AS k, 2 AS n'];
    expect(await verdict(imat, definition, ['k'])).toEqual(EQUAL);
    expect(await verdict(imat, definition)).toMatchObject({ kind: 'fault' });
  });
});

describe('different', () => {
  test.each([
    ['a row too few', 'VALUES (1)', 'VALUES (1), (2)', 'definition {"shown":"(2)"'],
    ['a row too many', 'VALUES (1), (2)', 'VALUES (1)', 'imat {"shown":"(2)"'],
    [
      'a row without columns too few',
      'SELECT',
      'SELECT UNION ALL SELECT',
      'definition {"shown":"()"',
    ],
    ['a duplicate too many', 'VALUES (1), (1)', 'VALUES (1)', 'imat {"shown":"(1)"'],
    ['NULL in place of an empty text', 'VALUES (NULL::text)', `VALUES ('')`, 'imat {"shown":"()"'],
    ['NULL in place of zero', 'VALUES (NULL::int)', 'VALUES (0)', 'imat {"shown":"()"'],
    ['another scale', 'VALUES (1.0)', 'VALUES (1.00)', 'imat {"shown":"(1.0)"'],
    ['another float', 'SELECT 1::float8 AS f', 'SELECT 1.001::float8 AS f', 'imat'],
    ['a float and NULL', 'SELECT NULL::float8 AS f', 'SELECT 1::float8 AS f', 'imat'],
    ['another array', 'SELECT ARRAY[1, 2] AS a', 'SELECT ARRAY[2, 1] AS a', 'imat'],
  ])('%s', async (_, imat, definition, text) => {
    const found = await verdict(imat, definition);
    expect(found).toMatchObject({ kind: 'fault', text: expect.stringContaining(text) });
  });
});

describe('errors', () => {
  const fails = 'SELECT 1 / (count(*) - count(*)) AS x FROM pg_class';
  const works = 'SELECT count(*) - count(*) AS x FROM pg_class';

  test('of the definition', async () => {
    expect(await verdict(works, fails)).toEqual({ kind: 'raises' });
  });

  test('of both', async () => {
    expect(await verdict(fails, fails)).toEqual({ kind: 'raises' });
  });

  test('of the imat alone', async () => {
    expect(await verdict(fails, works)).toMatchObject({
      kind: 'fault',
      text: expect.stringContaining('the imat raises what the definition does not: 22012'),
    });
  });

  test('a transaction goes on after them', async () => {
    const bad = await views(fails, works);
    const raising = await views(works, fails);
    const good = await views(works, works);
    await db.execute('BEGIN; SAVEPOINT compared');
    expect(await compare(db, bad, true)).toMatchObject({ kind: 'fault' });
    expect(await compare(db, raising, true)).toEqual({ kind: 'raises' });
    expect(await compare(db, good, true)).toEqual(EQUAL);
    await db.execute('RELEASE SAVEPOINT compared; COMMIT');
  });
});
