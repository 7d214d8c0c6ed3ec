/**
 * Keys and rows of every type: as group keys, under DISTINCT, as rows with duplicates, and as what
 * a join is on.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import type { ServerFeature } from '../../setup/services.ts';
import { FOLD, useBench } from './support/bench.ts';
import type { Random } from './support/random.ts';
import { oneOf, randomFor, randomHistory } from './support/random.ts';

type KeyType = {
  readonly type: string;
  readonly values: readonly string[];
  /** Equal values that look different: which of them stands for a group is PostgreSQL's choice. */
  readonly ambiguous?: true;
  /** Without an ordering a value can be part of a row, and nothing else. */
  readonly rowsOnly?: true;
  readonly needs?: ServerFeature;
};

const TYPES: readonly KeyType[] = [
  {
    type: 'text',
    values: ["'a'", "'A'", "''", "' '", "'a''\\\\b'", "E'x\\ny'", "'$imat$'", "'ä'"],
  },
  {
    needs: 'icu',
    type: 'text COLLATE blind',
    values: ["'a'", "'A'", "'b'", "'B'", "''"],
    ambiguous: true,
  },
  { type: 'varchar(3) COLLATE "C"', values: ["'a'", "'abc'", "''"] },
  { type: 'char(4)', values: ["'a'", "'a  '", "'b'"] },
  { type: 'public.citext', values: ["'a'", "'A'", "'b'"], ambiguous: true },
  { type: 'name', values: ["'a'", "'b'"] },
  { type: 'public.mood', values: ["'sad'", "'it''s'", "'happy'"] },
  { type: 'public.short', values: ["'a'", "'bb'"] },
  { type: 'public.amount', values: ['1.50', '1.5', '2'] },
  { type: 'public.pair', values: ["'(1,a)'", "'(1,b)'", "'(,)'"], rowsOnly: true },
  {
    type: 'uuid',
    values: ["'00000000-0000-0000-0000-000000000001'", "'ffffffff-0000-0000-0000-000000000001'"],
  },
  { type: 'bool', values: ['true', 'false'] },
  { type: 'int2', values: ['1', '-32768'] },
  { type: 'int8', values: ['9223372036854775807', '-1', '0'] },
  { type: 'oid', values: ['1', '4294967295'] },
  { type: 'numeric', values: ['1', '1.0', '1.00', '-1', "'NaN'", "'Infinity'"], ambiguous: true },
  { type: 'numeric(8,2)', values: ['1', '1.00', "'NaN'"] },
  { type: 'real', values: ['0', "'-0'", '0.1', "'NaN'", "'Infinity'"], ambiguous: true },
  { type: 'float8', values: ['0', "'-0'", '0.1', "'NaN'", "'-Infinity'"], ambiguous: true },
  { type: 'money', values: ['1.50', '-2'] },
  { type: 'date', values: ["'2024-01-31'", "'infinity'", "'0044-03-15 BC'"] },
  { type: 'time', values: ["'12:00'", "'24:00'"] },
  { type: 'timetz', values: ["'12:00+00'", "'13:00+01'"] },
  { type: 'timestamp', values: ["'2024-01-31 12:00:00.000001'", "'-infinity'"] },
  { type: 'timestamptz', values: ["'2024-01-31 12:00+00'", "'2024-01-31 13:00+01'", "'infinity'"] },
  { type: 'interval', values: ["'1 month'", "'30 days'", "'720:00'", "'1 day'"], ambiguous: true },
  { type: 'bytea', values: ["'\\x00ff'", "''"] },
  { type: 'inet', values: ["'10.0.0.1'", "'10.0.0.1/8'", "'::1'"] },
  { type: 'cidr', values: ["'10.0.0.0/8'", "'::/0'"] },
  { type: 'macaddr', values: ["'08:00:2b:01:02:03'", "'00:00:00:00:00:00'"] },
  { type: 'bit(3)', values: ["B'101'", "B'000'"] },
  { type: 'varbit', values: ["B'1'", "B'01'"] },
  { type: 'int[]', values: ["'{1,2}'", "'{}'", "'{NULL}'", "'[2:3]={1,2}'"] },
  { type: 'text[]', values: ["'{a,b}'", "'{{a},{b}}'"] },
  { type: 'numeric[]', values: ["'{1.0}'", "'{1.00}'"], ambiguous: true },
  { type: 'jsonb', values: [`'{"a": 1.0}'`, `'{"a": 1.00}'`, "'null'", "'[]'"], ambiguous: true },
  { type: 'int4range', values: ["'[1,3)'", "'empty'"] },
  { type: 'int4multirange', values: ["'{[1,3),[5,6)}'", "'{}'"] },
  { type: 'numrange', values: ["'[1.0,3)'", "'[1.00,3)'"], ambiguous: true },
  { type: 'tsvector', values: ["'a b'", "''"] },
  { type: 'pg_lsn', values: ["'0/1'", "'0/2'"] },
  { type: 'xid8', values: ["'1'", "'2'"] },
  { type: 'pg_catalog."char"', values: ["'a'", "'b'"] },
  { type: 'regclass', values: ["'pg_class'", "'pg_type'"] },
  { type: 'json', values: [`'{"a":1}'`, `'{"a": 1}'`, "'null'"], rowsOnly: true },
  { needs: 'xml', type: 'xml', values: ["'<a/>'", "'<a></a>'"], rowsOnly: true },
  { type: 'point', values: ["'(0,0)'", "'(0,-0)'", "'(1,2)'"], rowsOnly: true },
  { type: 'aclitem', values: ["'postgres=r/postgres'", "'postgres=w/postgres'"], rowsOnly: true },
  { type: 'polygon', values: ["'((0,0),(1,1),(1,0))'", "'((0,0),(1,1),(2,0))'"], rowsOnly: true },
];

const BLIND = `CREATE COLLATION blind (
    provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

const bench = useBench(`
  CREATE EXTENSION citext;
  ${lacks('icu') ? '' : BLIND}
  CREATE TYPE mood AS ENUM ('sad', 'it''s', 'happy');
  CREATE DOMAIN short AS text CHECK (length(VALUE) < 3);
  CREATE DOMAIN amount AS numeric(6,2) NOT NULL DEFAULT 0;
  CREATE TYPE pair AS (a int, b text);
`);

beforeAll(() => bench.user.execute('SET xmloption = content'));

/** Types that share two tables, with a column for each; what a server may lack is alone. */
function groups(): KeyType[][] {
  const [usual, rowsOnly] = [true, false].map((hasOrder) =>
    TYPES.filter((one) => one.needs === undefined && (one.rowsOnly !== true) === hasOrder),
  );
  const alone = TYPES.filter((one) => one.needs !== undefined).map((one) => [one]);
  return [...inGroups(usual ?? [], 4), ...inGroups(rowsOnly ?? [], 5), ...alone];
}

function inGroups<T>(all: readonly T[], size: number): T[][] {
  const starts = [...all.keys()].filter((index) => index % size === 0);
  return starts.map((first) => all.slice(first, first + size));
}

describe('keys', () => {
  for (const types of groups()) {
    const { needs, rowsOnly } = types[0] ?? {};
    const title = types.map(({ type }) => type).join('; ');
    const columns = types.map((one, index) => ({ ...one, k: `k${index + 1}` }));
    const names = columns.map(({ k }) => k).join(', ');
    const ambiguous = columns.filter((one) => one.ambiguous === true).map(({ k }) => k);
    const values = Object.fromEntries(columns.map(({ k, ...one }) => [k, valueOf(one)]));

    test.skipIf(needs !== undefined && lacks(needs))(`of types ${title}`, async () => {
      await createTables(columns);
      await bench.convert(`SELECT ${names}, x FROM l`);
      if (rowsOnly !== true) {
        await bench.convert(`SELECT DISTINCT ${names} FROM l`, { ambiguous });
        for (const { k } of columns) {
          await bench.convert(`SELECT ${k}, count(*) AS n, sum(x) AS s FROM l GROUP BY ${k}`, {
            ambiguous,
          });
          await bench.convert(`SELECT l.${k}, l.x + r.y AS z FROM l JOIN r ON l.${k} = r.${k}`);
        }
        for (const pair of inGroups(columns, 2))
          await bench.convert(
            `SELECT l.x, r.y, count(*) AS n FROM l, r
             WHERE ${pair.map(({ k }) => `l.${k} = r.${k}`).join(' AND ')} GROUP BY l.x, r.y`,
          );
      }
      const tables = [
        { table: 'l', columns: { ...values, x: oneOf('1', '2') } },
        { table: 'r', columns: { ...values, y: oneOf('1', '2') } },
      ];
      await bench.run([
        ...randomHistory(randomFor(`${title} all`), tables, 12),
        // Nothing but a value changes, to one that may be equal and look different.
        'INSERT INTO l SELECT * FROM first_rows',
        ...columns.flatMap(({ k, values: [one, other] }) => [
          `UPDATE l SET ${k} = ${one}`,
          `UPDATE l SET ${k} = ${other}`,
        ]),
        FOLD,
      ]);
    });
  }
});

const valueOf = ({ type, values }: KeyType): ((r: Random) => string) =>
  type === 'public.amount' ? (r) => r.pick(values) : oneOf(...values);

/** `l` with every value of every type; `r` and `first_rows` with the same rows. */
async function createTables(columns: readonly (KeyType & { readonly k: string })[]): Promise<void> {
  const declared = columns.map(({ k, type }) => `${k} ${type}`).join(', ');
  const most = Math.max(...columns.map(({ values }) => values.length));
  const rows = Array.from({ length: most }, (_, row) => {
    const own = columns.map(({ values }) => values[row % values.length]);
    return `(${own.join(', ')}, ${row % 2})`;
  });
  await bench.user.execute(
    `DROP TABLE IF EXISTS l, r, first_rows;
     CREATE TABLE l (${declared}, x int);
     CREATE TABLE r (${declared}, y int);
     INSERT INTO l VALUES ${rows.join(', ')};
     INSERT INTO r SELECT * FROM l;
     CREATE TABLE first_rows AS TABLE l`,
  );
}

test('an array of what has no ordering: swap, and its updates are captured', async () => {
  await bench.user.execute(`DROP TABLE IF EXISTS l; CREATE TABLE l (k json[], x int)`);
  const rows = await bench.convert('SELECT k FROM l', { strategy: 'swap' });
  expect(rows.converted.reasons.map((reason) => reason.kind)).toEqual(['key_not_sortable']);
  await bench.convert('SELECT k, x FROM l');
  await bench.convert('SELECT x, count(k) AS n FROM l GROUP BY x');
  await bench.convert('SELECT x, count(k) AS n, sum(1 / x) AS s FROM l GROUP BY x');
  await bench.run([
    `INSERT INTO l VALUES ('{}', 1), (ARRAY['{"a":1}'::json], 2), (NULL, 3)`,
    'UPDATE l SET x = x + 1',
    FOLD,
    "UPDATE l SET k = '{}' WHERE x > 2",
    'DELETE FROM l',
  ]);
});

describe('rows and keys of unusual width', () => {
  test('keys longer than an index takes', async () => {
    await bench.user.execute(
      `DROP TABLE IF EXISTS l; CREATE TABLE l (k text, x int); INSERT INTO l VALUES ('short', 1)`,
    );
    const long = "(SELECT string_agg(md5(n::text || 'SEED'), '') FROM generate_series(1, 400) n)";
    await bench.convert('SELECT k, x FROM l');
    await bench.run([
      `INSERT INTO l VALUES (${long}, 1), (${long}, 2)`,
      'DELETE FROM l WHERE x = 1',
      FOLD,
      'DELETE FROM l',
      FOLD,
    ]);
    const grouped = await bench.convert('SELECT k, count(*) AS n FROM l GROUP BY k', {
      name: 'long_keys',
    });
    await bench.run([`INSERT INTO l VALUES (${long}, 1), ('short', 2)`], [grouped]);
    await expect(bench.imat.fold('long_keys')).rejects.toMatchObject({
      message: 'a group key is too long to be stored',
      hint: expect.stringContaining('imat repair'),
    });
    expect(await bench.imat.repair('long_keys')).toMatchObject([{ strategy: 'swap' }]);
    await bench.run(["UPDATE l SET k = 'other' WHERE x = 1"], [grouped]);
    await bench.imat.swap('long_keys');
    await bench.run([`UPDATE l SET k = ${long} WHERE x = 1`], [grouped]);
  });

  test('keys longer than an index takes, of rows that are computed again', async () => {
    await bench.user.execute(
      `DROP TABLE IF EXISTS l; CREATE TABLE l (k text, x int); INSERT INTO l VALUES ('short', 1)`,
    );
    const long = "(SELECT string_agg(md5(n::text || 'SEED'), '') FROM generate_series(1, 400) n)";
    const most = await bench.convert('SELECT k, max(x) AS x FROM l GROUP BY k', { name: 'most' });
    await bench.run([`INSERT INTO l VALUES (${long}, 1), ('short', 2)`], [most]);
    await expect(bench.imat.fold('most')).rejects.toMatchObject({
      message: 'a group key is too long to be stored',
      hint: expect.stringContaining('imat repair'),
    });
    expect(await bench.imat.repair('most')).toMatchObject([{ strategy: 'swap' }]);
    await bench.run(["UPDATE l SET k = 'other' WHERE x = 1"], [most]);
  });

  test('more group keys than an index takes', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
    await bench.user.execute(
      `DROP TABLE IF EXISTS l; CREATE TABLE l (${names.map((name) => `${name} int`).join(', ')})`,
    );
    await bench.user.execute(
      `DROP TABLE IF EXISTS r;
       CREATE TABLE r (${names.map((name) => `${name} public.citext`).join(', ')})`,
    );
    const grouped = await bench.convert(
      `SELECT count(*) AS n FROM r GROUP BY ${names.join(', ')}`,
      { strategy: 'swap' },
    );
    expect(grouped.converted.reasons.map((reason) => reason.kind)).toContain('too_many_keys');
    // By one of them, whose rows are computed again.
    await bench.convert(
      `SELECT ${names.join(', ')}, count(*) AS n FROM l GROUP BY ${names.join(', ')}`,
    );
    await bench.convert(`SELECT ${names.join(', ')} FROM l`);
    await bench.run([
      'INSERT INTO l DEFAULT VALUES',
      'INSERT INTO l DEFAULT VALUES',
      'INSERT INTO l (c39) VALUES (1)',
      FOLD,
      'UPDATE l SET c0 = 1',
      'DELETE FROM l WHERE c39 = 1',
    ]);
  });

  test('a table without columns, and one with a dropped column', async () => {
    await bench.user.execute(
      `DROP TABLE IF EXISTS l, r;
       CREATE TABLE l ();
       CREATE TABLE r (a int, gone int, "........pg.dropped.2........x" text);
       ALTER TABLE r DROP gone`,
    );
    await bench.convert('SELECT count(*) AS n FROM l');
    await bench.convert('SELECT * FROM r');
    await bench.convert('SELECT count(*) AS n FROM l, r');
    await bench.run([
      'INSERT INTO l DEFAULT VALUES',
      "INSERT INTO r VALUES (1, 'x'), (1, 'x')",
      FOLD,
      'INSERT INTO l DEFAULT VALUES',
      'DELETE FROM r',
      'DELETE FROM l',
    ]);
  });
});

test('an aggregate of a group key is computed from the rows, not from the stored key', async () => {
  await bench.user.execute(`DROP TABLE IF EXISTS l; CREATE TABLE l (k numeric, x int)`);
  await bench.convert(
    `SELECT k, sum(k) AS s, avg(k + 1) AS a, count(k) FILTER (WHERE scale(k) > 1) AS n
     FROM l
     GROUP BY k`,
    { ambiguous: ['k'] },
  );
  const value = oneOf('1', '1.0', '1.00', '2.50', "'NaN'");
  const tables = [{ table: 'l', columns: { k: value, x: oneOf('1', '2') } }];
  await bench.run(randomHistory(randomFor('aggregates of a key'), tables, 20));
});
