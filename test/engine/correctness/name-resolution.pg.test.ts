/** What a name means does not depend on who asks, nor on what a column is called since. */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from './support/bench.ts';

const bench = useBench('');

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
      `SELECT g, sum(x) AS s, count(*) AS n, lower(k) AS k
       FROM plain
       WHERE g <> 7
       GROUP BY g, lower(k)`,
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
    GREATEST: `SELECT count(*) AS n,
        count(*) FILTER (WHERE greatest(k, 'B'::citext) = 'b'::citext) AS m
      FROM ci`,
    'row comparison': "SELECT count(*) AS n FROM ci WHERE (k, x) = ('A'::citext, 1)",
    LIKE: "SELECT count(*) AS n FROM ci WHERE k LIKE 'A%'::citext",
  };
  for (const [name, definition] of Object.entries(IMPLICIT_OPERATORS)) {
    test(`${name} over a type with operators of its own`, async () => {
      await bench.user.execute(
        `CREATE EXTENSION IF NOT EXISTS citext;
         DROP TABLE IF EXISTS ci, cj;
         CREATE TABLE ci (k citext, x int);
         CREATE TABLE cj (k citext, y int)`,
      );
      await bench.user.execute(
        `INSERT INTO ci VALUES ('a', 1), ('A', 1), ('b', 1);
         INSERT INTO cj VALUES ('A', 1), ('B', 2)`,
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

describe('the same in a view whose query could be put into the definition', () => {
  const KEY: Readonly<Record<string, string>> = {
    NULLIF: "SELECT x, count(nullif(k, 'A'::citext)) AS n FROM ci GROUP BY x",
    'IS DISTINCT FROM': "SELECT x, k IS DISTINCT FROM 'A'::citext AS n FROM ci",
    'CASE x WHEN': "SELECT x, CASE k WHEN 'A'::citext THEN 1 ELSE 0 END AS n FROM ci",
    'JOIN ... USING': 'SELECT a.x, b.y AS n FROM ci a JOIN cj b USING (k)',
    'row comparison': "SELECT x, (k, x) = ('A'::citext, 1) AS n FROM ci",
  };

  test.each(
    Object.entries(KEY).flatMap(([name, query]) =>
      ['VIEW', 'MATERIALIZED VIEW'].map((kind) => [name, kind, query] as const),
    ),
  )('%s, %s', async (_name, kind, query) => {
    await bench.user.execute(
      `CREATE EXTENSION IF NOT EXISTS citext;
       DROP TABLE IF EXISTS ci, cj CASCADE;
       CREATE TABLE ci (k citext, x int);
       CREATE TABLE cj (k citext, y int);
       INSERT INTO ci VALUES ('a', 1), ('A', 1), ('b', 2);
       INSERT INTO cj VALUES ('A', 1), ('B', 2);
       CREATE ${kind} below AS ${query}`,
    );
    const read = kind === 'VIEW' ? 'below' : `(${query}) below`;
    await bench.user.execute(
      'CREATE MATERIALIZED VIEW folk AS SELECT n, count(*) AS c FROM below GROUP BY n',
    );
    try {
      const { strategy } = await bench.imat.convert('folk');
      for (const step of ['SELECT 1', "INSERT INTO ci VALUES ('B', 1)", "UPDATE ci SET k = 'a'"]) {
        await bench.user.query(step);
        if (kind !== 'VIEW') await bench.user.execute('REFRESH MATERIALIZED VIEW below');
        if (strategy === 'delta') await bench.imat.fold('folk');
        expect(await bench.user.query('SELECT * FROM imat.folk ORDER BY 1')).toEqual(
          await bench.user.query(`SELECT n, count(*) AS c FROM ${read} GROUP BY n ORDER BY 1`),
        );
      }
    } finally {
      await bench.imat.revert('folk').catch(() => undefined);
      await bench.user.execute(`DROP MATERIALIZED VIEW folk; DROP ${kind} below`);
    }
  });
});

test('columns renamed after the convert: commands go by the stored names', async () => {
  await bench.user.execute(
    `CREATE TABLE moved (region text, amount numeric, flag bool);
     INSERT INTO moved VALUES ('a', 1, true)`,
  );
  const subject = await bench.convert(
    `SELECT upper(region) AS r, sum(amount) AS s, avg(amount) FILTER (WHERE flag) + 1 AS more
     FROM moved
     GROUP BY upper(region), flag`,
    { name: 'moved_sums' },
  );
  const stored = async (): Promise<string[]> =>
    (await bench.imat.explain('moved_sums')).plan.map((line) => line.stored);
  const before = await stored();
  await bench.user.execute(
    `ALTER TABLE moved RENAME COLUMN amount TO value;
     ALTER TABLE moved RENAME COLUMN flag TO on_sale;
     ALTER TABLE moved RENAME COLUMN region TO place`,
  );
  const renamed = {
    ...subject,
    definition: `SELECT upper(place) AS r, sum(value) AS s,
        avg(value) FILTER (WHERE on_sale) + 1 AS more
      FROM moved
      GROUP BY upper(place), on_sale`,
  };
  expect(await stored()).toEqual(before);
  await bench.imat.convert('public.moved_sums', { freshness: 'manual' });
  await bench.imat.convert('public.moved_sums', { freshness: 'live' });
  await bench.check(renamed);
  await bench.imat.rebuild('moved_sums');
  await bench.check(renamed);
});
