/**
 * Names and literals that break SQL where they are pasted instead of quoted. What they must not do
 * is done by a canary table.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { FOLD, quote, useBench } from './support/bench.ts';

const bench = useBench('CREATE TABLE canary (alive bool); INSERT INTO canary VALUES (true)');

afterEach(async () => {
  expect(await bench.observer.query('SELECT alive FROM public.canary')).toEqual([{ alive: true }]);
});

const LONG = 'n'.repeat(63);
const LONG_UNICODE = 'ü'.repeat(31);

/** Names of tables, columns, aliases and imats alike. */
const NAMES = [
  'select',
  'table',
  'user',
  'order',
  'Weight',
  'UPPER',
  ' ',
  ' spaced name ',
  'a"b',
  "it's",
  "'; DROP TABLE canary; --",
  '"; DROP TABLE canary; --',
  'a\\b',
  'new\nline',
  "a'\n  b",
  '$imat$',
  '$1',
  '$$',
  'semi;colon',
  '--',
  '/*',
  '*/',
  '%s',
  '%I%L',
  '{}',
  'ünïcödé',
  '名前',
  '🙂',
  LONG,
  LONG_UNICODE,
  '!weight',
  'pg_temp',
  'a.b',
  '?column?',
  '1',
  'tab\there',
  'back\\\\slash"quote',
];

/** Names that generated SQL uses itself: of columns, aliases, parameters and functions. */
const OWN_NAMES = [
  'weight',
  '_weight',
  'xid',
  'key',
  'rows_2',
  'row_digest',
  'only_row',
  'count_rows',
  'sum_weight',
  'scales_xid',
  'c1',
  'c2',
  's',
  'u',
  't',
  'l',
  'd',
  'm',
  'q',
  'p',
  'f',
  'n',
  'o',
  'r1',
  'r2',
  'old_rows',
  'new_rows',
  'frontier',
  'pending',
  'snapshot',
  'changed1',
  'delta',
  'merged',
  'excluded',
  'ctid1',
  'generate_series',
  'touched',
  'emptied',
  'negative',
  'rows',
  'tg_op',
  'name',
  'imat',
  'active',
  'state',
  'found',
  'sqlstate',
];

async function exercise(table: string, first: string, second: string, imat: string): Promise<void> {
  const [alias, a, b] = [quote(table), quote(first), quote(second)];
  const schema = table.startsWith('pg_') ? '"pg"' : alias;
  const t = `${schema}.${alias}`;
  await bench.user.execute(
    `CREATE SCHEMA ${schema}; CREATE TABLE ${t} (${a} text, ${b} numeric(10,2))`,
  );
  try {
    await bench.convert(
      `SELECT ${a}, sum(${b}) AS ${b}, count(*) AS ${quote(`${first.slice(0, 20)}!`)}
       FROM ${t}
       GROUP BY ${a}`,
      {
        name: imat,
      },
    );
    await bench.convert(
      `SELECT x.${a} AS ${b}, y.${b} AS ${a}
       FROM ${t} AS x JOIN ${t} AS ${alias} ON x.${a} = ${alias}.${a}, ${t} AS y`,
    );
    await bench.convert(
      `SELECT sum(${b}) AS ${a} FROM ${t} AS ${a} WHERE ${b} <> 0 HAVING count(*) >= 0`,
    );
    await bench.run([
      `INSERT INTO ${t} VALUES ('a', 1), ('a', 1), (NULL, 2)`,
      FOLD,
      `UPDATE ${t} SET ${a} = 'b', ${b} = ${b} + 1 WHERE ${b} < 2`,
      `DELETE FROM ${t} WHERE ${a} IS NULL`,
      FOLD,
      `TRUNCATE ${t}`,
    ]);
    for (const name of [imat, 'subject_2'])
      expect(await bench.imat.verify(name)).toMatchObject({ results: [{ equal: true }] });
    expect((await bench.imat.status(imat)).imats).toMatchObject([
      { name: imat, state: 'active', pendingRows: expect.any(Number) },
    ]);
    expect((await bench.imat.explain(imat)).strategy).toBe('delta');
  } finally {
    await bench.clear();
    await bench.user.execute(`DROP SCHEMA ${schema} CASCADE`);
  }
}

describe('names', () => {
  for (const [index, name] of NAMES.entries()) {
    test(`everything is called ${JSON.stringify(name)}`, () =>
      exercise(name, name, NAMES[(index + 7) % NAMES.length] ?? 'x', name));
  }

  test('columns are called as generated SQL calls its own', async () => {
    const columns = OWN_NAMES.map((name) => quote(name));
    await bench.user.execute(
      `CREATE TABLE own (${columns.map((name) => `${name} int`).join(', ')})`,
    );
    const insert = `INSERT INTO own
      SELECT ${columns.map((_, index) => `n % ${1 + (index % 3)}`).join(', ')}
      FROM generate_series(1, 4) n`;
    await bench.convert(
      `SELECT ${columns.slice(0, 25).join(', ')},
         ${columns.map((name, index) => `sum(${name}) AS a${index}`).join(', ')}
       FROM own
       GROUP BY ${columns.slice(0, 25).join(', ')}`,
    );
    await bench.convert(`SELECT ${columns.join(', ')} FROM own`);
    await bench.convert(`SELECT ${columns.join(', ')} FROM own NATURAL JOIN own AS again`);
    await bench.convert(
      `SELECT s.weight, r1.key, r2.xid, count(*) AS rows
       FROM own s, own r1, own r2
       WHERE s.u = r1.u AND r1.weight / 1 = r2.weight
       GROUP BY s.weight, r1.key, r2.xid`,
    );
    await bench.convert(
      `SELECT a.weight, b.key, count(*) AS rows
       FROM own a, own b, own c, own l
       WHERE a.u = b.u AND b._weight = c.weight AND c.l = l.l
       GROUP BY a.weight, b.key`,
    );
    await bench.run([
      insert,
      FOLD,
      'UPDATE own SET weight = 5, key = NULL WHERE xid = 0',
      insert,
      FOLD,
      'DELETE FROM own',
    ]);
  });

  test('names that would be cut to the same name stay apart', async () => {
    const [one, two] = [`${LONG.slice(0, 62)}1`, `${LONG.slice(0, 62)}2`];
    await bench.user.execute('CREATE SCHEMA long_names');
    for (const name of [one, two]) {
      await bench.user.execute(`CREATE TABLE long_names.${quote(name)} (a int)`);
      await bench.convert(`SELECT a, count(*) AS n FROM long_names.${quote(name)} GROUP BY a`, {
        name,
      });
    }
    await bench.run([
      `INSERT INTO long_names.${quote(one)} VALUES (1)`,
      `INSERT INTO long_names.${quote(two)} VALUES (2)`,
      FOLD,
      `DELETE FROM long_names.${quote(one)}`,
    ]);
  });

  test('schemas whose tables give the same log name stay apart', async () => {
    await bench.user.execute(
      'CREATE SCHEMA a_b; CREATE SCHEMA a; CREATE TABLE a_b.c (x int); CREATE TABLE a.b_c (x int)',
    );
    await bench.convert('SELECT x, count(*) AS n FROM a_b.c GROUP BY x');
    await bench.convert('SELECT x, count(*) AS n FROM a.b_c GROUP BY x');
    await bench.convert('SELECT x, count(*) AS n FROM a.b_c JOIN a_b.c USING (x) GROUP BY x');
    await bench.run([
      'INSERT INTO a_b.c VALUES (1)',
      'INSERT INTO a.b_c VALUES (1), (2)',
      FOLD,
      'DELETE FROM a_b.c',
    ]);
  });
});

describe('literals in a definition', () => {
  const LITERALS = [
    "'",
    '\\',
    '\\n',
    'a\nb',
    "a'\n  b",
    "\n  '",
    '$imat$',
    '$$',
    '"',
    '--',
    '/*',
    '%',
    '%s',
    "'; DROP TABLE canary; --",
    '{}',
    '🙂',
    '\t',
    "it''s",
    "\\'",
    'x'.repeat(5000),
  ];
  const escaped = (text: string): string =>
    text.includes('\\')
      ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
      : `'${text.replaceAll("'", "''")}'`;

  for (const text of LITERALS) {
    test(JSON.stringify(text.slice(0, 40)), async () => {
      const value = escaped(text);
      await bench.user.execute(`CREATE TABLE "o'clock" (k text, x int)`);
      try {
        await bench.convert(
          `SELECT k || ${value} AS k, count(*) FILTER (WHERE k = ${value}) AS n,
             sum(CASE k WHEN ${value} THEN x END) AS s
           FROM "o'clock"
           WHERE k <> ${value} || 'x'
           GROUP BY k || ${value}`,
        );
        await bench.convert(
          `SELECT ${value} AS label, k = ${value} AS same, t.k
           FROM "o'clock" AS t
           WHERE k IN (${value}, 'other') OR k IS NULL`,
        );
        await bench.convert(
          `SELECT coalesce(k, ${value}) AS k, count(*) AS n
           FROM "o'clock" AS t
           GROUP BY coalesce(k, ${value})
           HAVING coalesce(k, ${value}) = ${value}`,
        );
        await bench.run([
          `INSERT INTO "o'clock" VALUES (${value}, 1), ('other', 2), (NULL, 3)`,
          FOLD,
          `UPDATE "o'clock" SET k = ${value} WHERE x = 2`,
          FOLD,
          `DELETE FROM "o'clock" WHERE k = ${value}`,
        ]);
      } finally {
        await bench.clear();
        await bench.user.execute(`DROP TABLE "o'clock"`);
      }
    });
  }

  test('under any standard_conforming_strings', async () => {
    await bench.user.execute(String.raw`CREATE TABLE v (k text, x int)`);
    await bench.convert(
      String.raw`SELECT k, count(*) FILTER (WHERE k = 'a\b') AS n,
          count(*) FILTER (WHERE k = 'it''s') AS m
        FROM v
        WHERE k <> 'c\'
        GROUP BY k`,
    );
    await bench.session.execute(
      `SET standard_conforming_strings = off;
       SET escape_string_warning = off;
       SET backslash_quote = on`,
    );
    try {
      await bench.run([
        String.raw`INSERT INTO v VALUES ('a\b', 1), ('c\', 2), ('it''s', 3)`,
        FOLD,
        'UPDATE v SET x = x + 1',
        'DELETE FROM v WHERE x = 2',
        FOLD,
      ]);
    } finally {
      await bench.session.execute(
        'RESET standard_conforming_strings; RESET escape_string_warning; RESET backslash_quote',
      );
      await bench.clear();
    }
  });
});
