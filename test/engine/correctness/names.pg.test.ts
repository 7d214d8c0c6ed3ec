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
      `SELECT ${a}, sum(${b}) AS ${b}, count(*) AS ${quote(`${first.slice(0, 20)}!`)} FROM ${t} GROUP BY ${a}`,
      {
        name: imat,
      },
    );
    await bench.convert(
      `SELECT x.${a} AS ${b}, y.${b} AS ${a} FROM ${t} AS x JOIN ${t} AS ${alias} ON x.${a} = ${alias}.${a}, ${t} AS y`,
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
    const insert = `INSERT INTO own SELECT ${columns.map((_, index) => `n % ${1 + (index % 3)}`).join(', ')} FROM generate_series(1, 4) n`;
    await bench.convert(
      `SELECT ${columns.slice(0, 25).join(', ')}, ${columns.map((name, index) => `sum(${name}) AS a${index}`).join(', ')} FROM own GROUP BY ${columns.slice(0, 25).join(', ')}`,
    );
    await bench.convert(`SELECT ${columns.join(', ')} FROM own`);
    await bench.convert(`SELECT ${columns.join(', ')} FROM own NATURAL JOIN own AS again`);
    await bench.convert(
      `SELECT s.weight, r1.key, r2.xid, count(*) AS rows FROM own s, own r1, own r2 WHERE s.u = r1.u AND r1.weight / 1 = r2.weight GROUP BY s.weight, r1.key, r2.xid`,
    );
    await bench.convert(
      `SELECT a.weight, b.key, count(*) AS rows FROM own a, own b, own c, own l WHERE a.u = b.u AND b._weight = c.weight AND c.l = l.l GROUP BY a.weight, b.key`,
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
          `SELECT k || ${value} AS k, count(*) FILTER (WHERE k = ${value}) AS n, sum(CASE k WHEN ${value} THEN x END) AS s FROM "o'clock" WHERE k <> ${value} || 'x' GROUP BY k || ${value}`,
        );
        await bench.convert(
          `SELECT ${value} AS label, k = ${value} AS same, t.k FROM "o'clock" AS t WHERE k IN (${value}, 'other') OR k IS NULL`,
        );
        await bench.convert(
          `SELECT coalesce(k, ${value}) AS k, count(*) AS n FROM "o'clock" AS t GROUP BY coalesce(k, ${value}) HAVING coalesce(k, ${value}) = ${value}`,
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
      String.raw`SELECT k, count(*) FILTER (WHERE k = 'a\b') AS n, count(*) FILTER (WHERE k = 'it''s') AS m FROM v WHERE k <> 'c\' GROUP BY k`,
    );
    await bench.session.execute(
      'SET standard_conforming_strings = off; SET escape_string_warning = off; SET backslash_quote = on',
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

describe('what a name means does not depend on who asks', () => {
  test('operators and functions of the same name elsewhere in the search path', async () => {
    await bench.user.execute(`
      CREATE SCHEMA evil;
      CREATE FUNCTION evil.sum_int(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 42';
      CREATE AGGREGATE evil.sum(int) (SFUNC = evil.sum_int, STYPE = int, INITCOND = '0');
      CREATE AGGREGATE evil.count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '1000');
      CREATE FUNCTION evil.never(int, int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT false';
      CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.never);
      CREATE OPERATOR evil.<> (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.never);
      CREATE FUNCTION evil.lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT 'evil'$$;
      CREATE TABLE plain (g int, x int, k text);
    `);
    await bench.convert(
      'SELECT g, sum(x) AS s, count(*) AS n, lower(k) AS k FROM plain WHERE g <> 7 GROUP BY g, lower(k)',
    );
    await bench.convert(
      'SELECT a.g, a.k, count(*) AS n FROM plain a JOIN plain b ON a.g = b.g GROUP BY a.g, a.k',
    );
    const steps = [
      "INSERT INTO plain VALUES (1, 2, 'A'), (1, 3, 'a'), (2, 5, NULL)",
      'UPDATE plain SET g = 2 WHERE x OPERATOR(pg_catalog.=) 3',
      'DELETE FROM plain WHERE x OPERATOR(pg_catalog.=) 5',
    ];
    for (const step of steps) {
      await bench.user.execute('SET search_path = evil, pg_catalog, public');
      await bench.user.execute(step);
      const evil = await Promise.all(
        ['subject_1', 'subject_2'].map((name) =>
          bench.user.query(`SELECT * FROM imat.${name} ORDER BY 1, 2, 3`),
        ),
      );
      await bench.run(['SET search_path = public']);
      const plain = await Promise.all(
        ['subject_1', 'subject_2'].map((name) =>
          bench.user.query(`SELECT * FROM imat.${name} ORDER BY 1, 2, 3`),
        ),
      );
      expect(evil).toEqual(plain);
      await bench.user.execute('SET search_path = evil, pg_catalog, public');
      await bench.user.query("CALL imat.fold('subject_1')");
      await bench.user.query("CALL imat.fold('subject_2')");
      await bench.run(['SET search_path = public']);
    }
  });

  // PostgreSQL prints these without the operator that they use, and another one is found under
  // another search_path.
  const IMPLICIT_OPERATORS: Readonly<Record<string, string>> = {
    'JOIN ... USING': 'SELECT count(*) AS n FROM ci a JOIN ci b USING (k)',
    'NATURAL JOIN': 'SELECT count(*) AS n FROM ci a NATURAL JOIN cj b',
    NULLIF: "SELECT count(nullif(k, 'A'::citext)) AS n FROM ci",
    'IS DISTINCT FROM': "SELECT count(*) AS n FROM ci WHERE k IS DISTINCT FROM 'A'::citext",
    'CASE x WHEN': "SELECT sum(CASE k WHEN 'A'::citext THEN 1 ELSE 0 END) AS n FROM ci",
    IN: "SELECT count(*) AS n FROM ci WHERE k IN ('A'::citext, 'X'::citext)",
    BETWEEN: "SELECT count(*) AS n FROM ci WHERE k BETWEEN 'A'::citext AND 'B'::citext",
    GREATEST:
      "SELECT count(*) AS n, count(*) FILTER (WHERE greatest(k, 'B'::citext) = 'b'::citext) AS m FROM ci",
    'row comparison': "SELECT count(*) AS n FROM ci WHERE (k, x) = ('A'::citext, 1)",
    LIKE: "SELECT count(*) AS n FROM ci WHERE k LIKE 'A%'::citext",
  };
  for (const [name, definition] of Object.entries(IMPLICIT_OPERATORS)) {
    test(`${name} over a type with operators of its own`, async () => {
      await bench.user.execute(
        'CREATE EXTENSION IF NOT EXISTS citext; DROP TABLE IF EXISTS ci, cj; CREATE TABLE ci (k citext, x int); CREATE TABLE cj (k citext, y int)',
      );
      await bench.user.execute(
        "INSERT INTO ci VALUES ('a', 1), ('A', 1), ('b', 1); INSERT INTO cj VALUES ('A', 1), ('B', 2)",
      );
      await bench.user.execute(`CREATE MATERIALIZED VIEW folk AS ${definition}`);
      try {
        const converted = await bench.imat.convert('folk');
        for (const step of [
          'SELECT 1',
          "INSERT INTO ci VALUES ('B', 1)",
          FOLD,
          "UPDATE ci SET k = 'A'",
          'DELETE FROM cj WHERE y = 1',
        ]) {
          if (step !== FOLD) await bench.user.query(step);
          else
            await (converted.strategy === 'delta'
              ? bench.imat.fold('folk')
              : bench.imat.swap('folk'));
          expect(await bench.user.query('SELECT * FROM imat.folk')).toEqual(
            await bench.user.query(definition),
          );
        }
        expect(await bench.imat.verify('folk')).toMatchObject({ results: [{ equal: true }] });
      } finally {
        await bench.imat.revert('folk').catch(() => undefined);
        await bench.user.execute('DROP MATERIALIZED VIEW folk');
      }
    });
  }
});

test('columns of sources that are renamed after the convert: freshness, rebuild and explain go by the stored names', async () => {
  await bench.user.execute(
    "CREATE TABLE moved (region text, amount numeric, flag bool); INSERT INTO moved VALUES ('a', 1, true)",
  );
  const subject = await bench.convert(
    'SELECT upper(region) AS r, sum(amount) AS s, avg(amount) FILTER (WHERE flag) + 1 AS more FROM moved GROUP BY upper(region), flag',
    { name: 'moved_sums' },
  );
  const stored = async (): Promise<string[]> =>
    (await bench.imat.explain('moved_sums')).plan.map((line) => line.stored);
  const before = await stored();
  await bench.user.execute(
    'ALTER TABLE moved RENAME COLUMN amount TO value; ALTER TABLE moved RENAME COLUMN flag TO on_sale; ALTER TABLE moved RENAME COLUMN region TO place',
  );
  const renamed = {
    ...subject,
    definition:
      'SELECT upper(place) AS r, sum(value) AS s, avg(value) FILTER (WHERE on_sale) + 1 AS more FROM moved GROUP BY upper(place), on_sale',
  };
  expect(await stored()).toEqual(before);
  await bench.imat.convert('public.moved_sums', { freshness: 'manual' });
  await bench.imat.convert('public.moved_sums', { freshness: 'live' });
  await bench.check(renamed);
  await bench.imat.rebuild('moved_sums');
  await bench.check(renamed);
});
