/**
 * Functions that are proved by their bodies (proved-functions.pg.test.ts), where somebody else has
 * functions, operators and types of the same names, other rights, or replaces them.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { useBench } from './support/bench.ts';

const bench = useBench(`
  CREATE TABLE v (id int PRIMARY KEY, k int, t text);
  INSERT INTO v SELECT n, n % 4, chr(64 + n) FROM generate_series(1, 20) n;
  INSERT INTO v VALUES (21, NULL, NULL);
  CREATE SCHEMA evil;
  CREATE SCHEMA hidden;
`);

afterEach(async () => {
  await bench.clear();
  await bench.user.execute(`SET search_path = public; DROP SCHEMA evil CASCADE; CREATE SCHEMA evil;
    DROP FUNCTION IF EXISTS f; DROP FUNCTION IF EXISTS g(int); DROP FUNCTION IF EXISTS g(text)`);
});

const QUERY = 'SELECT k, f(t) AS x, count(*) AS c FROM v GROUP BY 1, 2';

/** What is known of the definition before anything is converted. */
async function checked(query = QUERY): Promise<string> {
  await bench.user.execute(`CREATE MATERIALIZED VIEW m AS ${query} WITH NO DATA`);
  const { results } = await bench.imat.check({ targets: [{ name: 'm' }] });
  await bench.user.execute('DROP MATERIALIZED VIEW m');
  return JSON.stringify(results);
}

const LOWER = `CREATE FUNCTION f(a text) RETURNS text LANGUAGE plpgsql
  AS $$ begin return lower(a) || a || 1; end $$`;

describe('names in bodies', () => {
  test.each([
    [
      'a function',
      `CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`,
    ],
    [
      'a function of a type that text becomes by itself',
      `CREATE FUNCTION evil.lower(varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`,
    ],
    [
      'a polymorphic function',
      'CREATE FUNCTION evil.lower(anyelement) RETURNS anyelement LANGUAGE sql AS $$ SELECT $1 $$',
    ],
    [
      'a function with a default',
      `CREATE FUNCTION evil.lower(text, int = 1) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`,
    ],
    [
      'an operator',
      `CREATE FUNCTION evil.cat(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'x' $$;
       CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.cat)`,
    ],
    [
      'an operator that fits better',
      `CREATE FUNCTION evil.cat(text, int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'x' $$;
       CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = int, FUNCTION = evil.cat)`,
    ],
  ])('%s of the same name elsewhere', async (_, decoy) => {
    await bench.user.execute(`${LOWER}; ${decoy}`);
    expect(await checked()).toMatch(/its body has a name, \\"(lower|\|\|)\\", that another schema/);
  });

  test('a type of the same name elsewhere', async () => {
    await bench.user.execute(`CREATE DOMAIN evil.uuid AS text;
      CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql
        AS $$ SELECT (md5(a)::uuid)::pg_catalog.text $$`);
    expect(await checked()).toMatch(/its body has a name, \\"uuid\\", that another schema/);
    await bench.user.execute(`DROP DOMAIN evil.uuid`);
    expect(await checked()).toContain('"strategy":"delta"');
  });

  test('others of the same name that take nothing of it', async () => {
    await bench.user.execute(`${LOWER};
      CREATE TYPE evil.own AS (a int);
      CREATE FUNCTION evil.lower(evil.own) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
      CREATE FUNCTION evil.lower(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
      CREATE FUNCTION evil.cat(evil.own[], evil.own[]) RETURNS text IMMUTABLE LANGUAGE sql
        AS $$ SELECT 'x' $$;
      CREATE OPERATOR evil.|| (LEFTARG = evil.own[], RIGHTARG = evil.own[], FUNCTION = evil.cat)`);
    const subject = await bench.convert(QUERY);
    await bench.user.execute('SET search_path = evil, pg_catalog, public');
    await bench.user.execute(`UPDATE v SET t = 'ÄB' WHERE id = 3`);
    await bench.check(subject);
    await bench.user.execute('SET search_path = public');
    await bench.check(subject);
  });

  test('a body whose names need a search_path, and one that sets it', async () => {
    await bench.user.execute(`
      CREATE FUNCTION g(text) RETURNS text LANGUAGE sql AS $$ SELECT $1 || '!' $$;
      CREATE FUNCTION g(int) RETURNS text LANGUAGE sql AS $$ SELECT 'number' $$;
      CREATE FUNCTION f(a text) RETURNS text LANGUAGE plpgsql AS $$ begin return g(a); end $$`);
    expect(await checked()).toContain('names that are not found without a search_path');
    await bench.user.execute('ALTER FUNCTION f SET search_path = public');
    const subject = await bench.convert(QUERY);
    await bench.user.execute('SET search_path = evil, pg_catalog');
    await bench.user.execute(`UPDATE public.v SET t = 'q' WHERE id = 4`);
    await bench.user.execute('SET search_path = public');
    await bench.check(subject);
    await bench.fold();
    await bench.check(subject);
  });

  test('a call of a function that is not proved, and two that call each other', async () => {
    await bench.user.execute(`
      CREATE FUNCTION g(text) RETURNS text LANGUAGE sql
        AS $$ SELECT t FROM public.v WHERE t = $1 $$;
      CREATE FUNCTION f(a text) RETURNS text LANGUAGE plpgsql
        AS $$ begin return public.g(a); end $$`);
    expect(await checked()).toContain('calls g, whose body reads a table');
    await bench.user.execute(`CREATE OR REPLACE FUNCTION g(text) RETURNS text LANGUAGE sql
      AS $$ SELECT CASE WHEN $1 IS NULL THEN public.f($1) END $$`);
    expect(await checked()).toContain('calls the function itself');
    await bench.user.execute(`CREATE OR REPLACE FUNCTION g(text) RETURNS text IMMUTABLE LANGUAGE sql
      AS $$ SELECT t FROM public.v WHERE t = $1 $$`);
    expect(await checked()).toContain('calls g, which reads public.v');
  });
});

describe('rights', () => {
  test('a body of another role is read and not run', async () => {
    await bench.user.execute(`
      CREATE ROLE imat_body_stranger;
      GRANT ALL ON SCHEMA evil TO imat_body_stranger;
      SET ROLE imat_body_stranger;
      CREATE FUNCTION evil.boom(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 / $1';
      CREATE FUNCTION evil.same(text, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql
        AS $$ BEGIN RAISE 'run'; END $$;
      CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = pg_catalog.oidne);
      CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
      CREATE FUNCTION evil.f(a text) RETURNS int SET search_path = evil, pg_catalog LANGUAGE plpgsql
        AS $$ declare x int := boom(0); y text := 'a'; begin
          if a = '1' then return boom(0) + x; end if; return 2; end $$;
      RESET ROLE`);
    const query = 'SELECT id, evil.f(t) AS x FROM v';
    expect(await checked(query)).toMatch(/its body has a name, \\"=\\", that another schema/);
    await bench.user.execute(`DROP OPERATOR evil.= (text, text); DROP OPERATOR evil.= (oid, oid)`);
    expect(await checked(query)).toContain('"strategy":"delta"');
    await bench.user.execute(
      'DROP SCHEMA evil CASCADE; CREATE SCHEMA evil; DROP ROLE imat_body_stranger',
    );
  });

  test('a text that ends the statement in which it is read', async () => {
    await bench.user.execute(`SET check_function_bodies = off`);
    for (const body of [
      'SELECT a; END; DROP TABLE v; BEGIN ATOMIC SELECT 1',
      'SELECT a) FROM v; --',
      'SELECT a -- ',
      `SELECT a || '\\'' || '; DROP TABLE v; --'`,
    ]) {
      await bench.user.execute(`CREATE OR REPLACE FUNCTION f(a text) RETURNS text LANGUAGE sql
        AS $x$ ${body} $x$`);
      await checked().catch(() => {});
      expect(await bench.user.query('SELECT count(*)::int AS n FROM v')).toEqual([{ n: 21 }]);
    }
    await bench.user.execute(`RESET check_function_bodies`);
  });
});

test('a function that is replaced between its reading and the conversion', async () => {
  await bench.user.execute(LOWER);
  const subject = await bench.convert(QUERY);
  await bench.user.execute(`CREATE OR REPLACE FUNCTION f(a text) RETURNS text LANGUAGE plpgsql
    AS $$ begin return (SELECT max(t) FROM public.v); end $$`);
  await expect(bench.user.query(`SELECT * FROM imat.${subject.name}`)).rejects.toThrow(
    /function public\.f\(text\) was replaced/,
  );
  const repaired = await bench.imat.repair(subject.name);
  expect(JSON.stringify(repaired)).toContain('swap');
  await bench.check(subject);
});

test('errors of a body are those of the definition', async () => {
  await bench.user.execute(`CREATE FUNCTION f(a text) RETURNS int LANGUAGE plpgsql
    AS $$ begin return 100 / (ascii(a) - 90); end $$`);
  const subject = await bench.convert('SELECT f(t) AS x, count(*) AS c FROM v GROUP BY 1');
  await bench.user.execute(`INSERT INTO v VALUES (90, 1, 'Z')`);
  await expect(bench.user.query(`SELECT * FROM imat.${subject.name}`)).rejects.toThrow(
    /division by zero/,
  );
  await bench.user.execute(`UPDATE v SET t = 'X' WHERE id = 90`);
  await bench.check(subject);
  await bench.user.execute(`DELETE FROM v WHERE id = 90`);
  await bench.fold();
  await bench.check(subject);
});

test('wherever a function can stand in a definition', async () => {
  await bench.user.execute(`${LOWER};
    CREATE FUNCTION g(a int) RETURNS int LANGUAGE plpgsql AS $$ begin return a % 3; end $$`);
  for (const query of [
    'SELECT g(k) AS k, count(DISTINCT f(t)) AS c, max(f(t)) AS m FROM v GROUP BY 1',
    `SELECT id, t FROM v WHERE f(t) > 'd' AND g(k) = 1`,
    'SELECT a.id, b.id AS other FROM v a JOIN v b ON g(a.id) = b.k',
    'SELECT a.id, b.id AS other FROM v a LEFT JOIN v b ON g(a.id) = g(b.k) AND f(b.t) IS NOT NULL',
    'SELECT DISTINCT ON (g(k)) g(k) AS k, id, t FROM v ORDER BY g(k), f(t), id',
    'SELECT g(k) AS k, array_agg(f(t) ORDER BY id) AS list FROM v GROUP BY 1',
    'SELECT g(k) AS k, id, row_number() OVER (PARTITION BY g(k) ORDER BY f(t), id) AS n FROM v',
    'SELECT g(k) AS k, g(count(*)::int) AS c FROM v GROUP BY 1 HAVING g(count(*)::int) < 5',
    'SELECT id, g(k) AS k, f(t) AS x FROM v ORDER BY g(k), f(t), id LIMIT 5',
    'SELECT DISTINCT g(k) AS k FROM v UNION SELECT g(id) FROM v',
  ])
    await bench.convert(query);
  await bench.run([
    `UPDATE v SET k = 2, t = 'm' WHERE id IN (3, 7)`,
    'DELETE FROM v WHERE id = 9',
    `INSERT INTO v VALUES (40, 2, 'E'), (41, NULL, 'e'), (42, 7, NULL)`,
  ]);
  await bench.fold();
  await bench.run([
    `UPDATE v SET id = id + 100`,
    'DELETE FROM v WHERE id > 120',
    'UPDATE v SET id = id - 100',
  ]);
});

test('unaccent is believed if it is the extension that has it', async () => {
  await bench.user.execute(`CREATE FUNCTION public.unaccent(text) RETURNS text STABLE LANGUAGE
       plpgsql
    AS $$ BEGIN PERFORM 1; RETURN translate($1, 'äé', 'ae'); END $$`);
  const query = 'SELECT unaccent(t) AS x, count(*) AS c FROM v GROUP BY 1';
  expect(await checked(query)).toContain('its body runs a query');
  // The extension without its files, which not every server has.
  await bench.user.execute(`
    INSERT INTO pg_extension VALUES (990001, 'unaccent', 10, 2200, true, '1.1', NULL, NULL);
    ALTER EXTENSION unaccent ADD FUNCTION public.unaccent(text)`);
  const subject = await bench.convert(query);
  await bench.user.execute(`UPDATE v SET t = 'é' WHERE id < 3`);
  await bench.check(subject);
  await bench.fold();
  await bench.check(subject);
  await bench.clear();
  await bench.user.execute(`ALTER EXTENSION unaccent DROP FUNCTION public.unaccent(text);
    DROP FUNCTION public.unaccent(text); DELETE FROM pg_extension WHERE extname = 'unaccent'`);
});

test('labels of an enum in a body', async () => {
  await bench.user.execute(`CREATE TYPE mood AS ENUM ('sad', 'happy');
    ALTER TABLE v ADD COLUMN e mood DEFAULT 'sad';
    INSERT INTO v VALUES (70, 0, 'A');
    UPDATE v SET e = 'happy' WHERE id % 2 = 0;
    CREATE FUNCTION f(a mood) RETURNS text LANGUAGE plpgsql
      AS $$ begin return upper(a::text) || length(a::varchar); end $$;
    CREATE FUNCTION g(a text) RETURNS mood LANGUAGE plpgsql
      AS $$ begin if a < 'D' then return 'sad'; end if; return null; end $$`);
  await bench.convert('SELECT f(e) AS x, count(*) AS c FROM v GROUP BY 1');
  await bench.convert('SELECT id, g(t) AS x FROM v');
  await bench.run([`UPDATE v SET e = 'happy', t = 'Z' WHERE id = 1`]);
  await bench.user.execute(`ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'`);
  await bench.run([`UPDATE v SET e = 'glad' WHERE id = 3`]);
  await bench.fold();
  await bench.run([`UPDATE v SET e = 'sad' WHERE id = 3`]);
  // What the body then says is no label.
  await bench.user.execute(`ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`);
  await expect(bench.user.query('SELECT id, g(t) FROM v')).rejects.toThrow(/invalid input value/);
  await expect(bench.user.query('SELECT * FROM imat.subject_2')).rejects.toThrow(
    /invalid input value/,
  );
  await bench.user.execute(`ALTER TYPE mood RENAME VALUE 'blue' TO 'sad'`);
  await bench.run([`UPDATE v SET e = 'sad' WHERE id = 4`]);
  await bench.clear();
  await bench.user.execute(`DROP FUNCTION f; DROP FUNCTION g(text);
    ALTER TABLE v DROP COLUMN e; DROP TYPE mood`);
});
