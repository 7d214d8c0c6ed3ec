/**
 * What convert checked and what has changed since: an imat whose stored rows may be wrong does not
 * answer. Each case is noticed in the transaction of the command (by event triggers), and by a
 * fold, a swap or a worker's poll in a database that has none.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createPreparedSandbox } from '../commands/support/sandbox.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SETUP = `
CREATE SCHEMA "od""d s'x";
CREATE TABLE t (id int PRIMARY KEY, g text, v int);
INSERT INTO t SELECT i, 'g' || i % 5, i FROM generate_series(1, 20) AS i;
CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE FUNCTION whole() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE VIEW "od""d s'x"."vi;ew" AS SELECT id, g, v FROM t WHERE v > 5;
CREATE FUNCTION add(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT coalesce($1, 0) + $2';
CREATE FUNCTION helper(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
CREATE FUNCTION deep(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1 * 2; END';
CREATE SCHEMA apart;
CREATE FUNCTION apart.far(int) RETURNS int LANGUAGE sql AS 'SELECT $1 % 7';
CREATE FUNCTION proved(int) RETURNS int LANGUAGE plpgsql
  AS 'BEGIN RETURN public.deep($1) + public.helper($1) + apart.far($1); END';
CREATE FUNCTION below(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
CREATE FUNCTION "od""d s'x"."Be""low 2"(int) RETURNS int IMMUTABLE LANGUAGE sql
  AS 'SELECT public.below($1) * 3';
CREATE FUNCTION declared(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
  SET search_path = "public", "od""d s'x" AS $$
  DECLARE s int := 0;
  BEGIN
    FOR i IN 1..2 LOOP s := s + "Be""low 2"($1); END LOOP;
    RETURN s;
  END $$;
CREATE FUNCTION more(int, int = 1) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE AGGREGATE total(int) (sfunc = add, stype = int);
CREATE FUNCTION less(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 < $2';
CREATE OPERATOR <<<< (leftarg = text, rightarg = text, function = less);`;

const DEFINITIONS: Readonly<Record<string, string>> = {
  plain: 'SELECT g, sum(v) AS s, count(*) AS n FROM public.t GROUP BY g',
  bag: 'SELECT id, v FROM public.t WHERE v > 3',
  'ta"bl;e': `${REBUILT} SELECT g, max(v) AS m FROM public.t GROUP BY g`,
  stored: `${REBUILT} SELECT g, max(v) AS m FROM public.t GROUP BY g`,
  regrouped: 'SELECT g, bit_or(v) AS m FROM public.t GROUP BY g',
  merged: 'SELECT g, max(v) AS m FROM public.t GROUP BY g',
  different: 'SELECT g, count(DISTINCT v) AS m FROM public.t GROUP BY g',
  'sto"res': 'SELECT g, count(*) AS n, (SELECT max(v) FROM public.t) AS m FROM public.t GROUP BY g',
  func: 'SELECT g, sum(public.twice(v)) AS s FROM public.t GROUP BY g',
  proved: 'SELECT g, sum(public.proved(v)) AS s FROM public.t GROUP BY g',
  declared: 'SELECT g, sum(public.declared(v)) AS s FROM public.t GROUP BY g',
  defaulted: 'SELECT g, sum(public.more(v)) AS s FROM public.t GROUP BY g',
  viewed: `SELECT g, sum(v) AS s FROM "od""d s'x"."vi;ew" GROUP BY g`,
  aggregated: 'SELECT g, public.total(v) AS s FROM public.t GROUP BY g',
  operated: `SELECT g, count(*) AS n FROM public.t WHERE g OPERATOR(public.<<<<) 'g3' GROUP BY g`,
};
const ALL = Object.keys(DEFINITIONS);

/** `own` says which imats break; `undone` gives the definition its former meaning again. */
type Case = {
  readonly what: string;
  readonly change: string;
  readonly breaks: readonly string[];
  readonly reason: RegExp;
};

const CASES: readonly Case[] = [
  {
    what: 'triggers that were disabled while rows were written',
    change: `ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (99, 'g1', 1000);
      ALTER TABLE t ENABLE TRIGGER ALL`,
    breaks: ALL,
    reason: /capture on (public\.)?t is disabled or gone/,
  },
  {
    what: 'triggers that were disabled for a time, and are ENABLE ALWAYS again',
    change: `ALTER TABLE t DISABLE TRIGGER "!imat_insert"; INSERT INTO t VALUES (99, 'g1', 1000);
      ALTER TABLE t ENABLE ALWAYS TRIGGER "!imat_insert"`,
    breaks: ALL,
    reason: /capture on (public\.)?t /,
  },
  {
    what: 'a trigger that was dropped',
    change: 'DROP TRIGGER "~imat_truncate" ON t',
    breaks: ALL,
    reason: /capture on (public\.)?t is disabled or gone/,
  },
  {
    what: 'ENABLE TRIGGER ALL, which makes ORIGIN of ALWAYS',
    change: 'ALTER TABLE t ENABLE TRIGGER ALL',
    breaks: ALL,
    reason: /capture on (public\.)?t is disabled or gone/,
  },
  {
    what: 'a table without durability',
    change: 'ALTER TABLE t SET UNLOGGED',
    breaks: ALL,
    reason: /table (public\.)?t has become unlogged/,
  },
  {
    what: 'an inheritance child',
    change: `CREATE TABLE kid () INHERITS (t); INSERT INTO kid VALUES (900, 'g1', 7)`,
    breaks: ALL,
    reason: /table (public\.)?t takes part in inheritance/,
  },
  {
    what: 'a table that becomes a partition',
    change: `CREATE TABLE parent (id int NOT NULL, g text, v int) PARTITION BY RANGE (id);
      ALTER TABLE parent ATTACH PARTITION t FOR VALUES FROM (0) TO (1000)`,
    breaks: ALL,
    reason: /table (public\.)?t takes part in inheritance or partitioning/,
  },
  {
    what: 'a function with another body',
    change: `CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE
        LANGUAGE sql AS 'SELECT $1 * 3'`,
    breaks: ['func'],
    reason: /function (public\.)?twice\(integer\) was replaced/,
  },
  {
    what: 'a function with another volatility',
    change: 'ALTER FUNCTION twice(int) VOLATILE',
    breaks: ['func'],
    reason: /function (public\.)?twice\(integer\) was replaced/,
  },
  {
    what: 'a function that is proved by its body, with another body',
    change: `CREATE OR REPLACE FUNCTION proved(int) RETURNS int LANGUAGE plpgsql
      AS 'BEGIN RETURN (SELECT count(*) FROM public.t); END'`,
    breaks: ['proved'],
    reason: /function (public\.)?proved\(integer\) was replaced/,
  },
  {
    what: 'a function that only the body of another calls',
    change: `CREATE OR REPLACE FUNCTION helper(int) RETURNS int IMMUTABLE
      LANGUAGE sql AS 'SELECT $1 + 2'`,
    breaks: ['proved'],
    reason: /function (public\.)?helper\(integer\) was replaced/,
  },
  {
    what: 'a function that the body of one calls that is declared IMMUTABLE',
    change: `CREATE OR REPLACE FUNCTION "od""d s'x"."Be""low 2"(int) RETURNS int IMMUTABLE
      LANGUAGE sql AS 'SELECT $1 * 4'`,
    breaks: ['declared'],
    reason: /function "od""d s'x"\."Be""low 2"\(integer\) was replaced/,
  },
  {
    what: 'a function that the body of that one calls',
    change: `CREATE OR REPLACE FUNCTION below(int) RETURNS int IMMUTABLE
      LANGUAGE sql AS 'SELECT $1 + 2'`,
    breaks: ['declared'],
    reason: /function (public\.)?below\(integer\) was replaced/,
  },
  {
    what: 'one of these that is not declared IMMUTABLE',
    change: `CREATE OR REPLACE FUNCTION deep(int) RETURNS int
      LANGUAGE sql AS 'SELECT sum(v)::int FROM public.t'`,
    breaks: ['proved'],
    reason: /function (public\.)?deep\(integer\) was replaced/,
  },
  {
    what: 'another function under the name of one that a body calls',
    change: `ALTER FUNCTION deep(int) RENAME TO deeper;
      CREATE FUNCTION deep(int) RETURNS int LANGUAGE sql AS 'SELECT sum(v)::int FROM public.t'`,
    breaks: ['proved'],
    reason: /function (public\.)?deeper\(integer\), .*, was (public\.)?deep\(integer\) before/,
  },
  {
    what: 'a function that only the body of another calls, dropped and created',
    change: `DROP FUNCTION helper(int);
      CREATE FUNCTION helper(int) RETURNS int LANGUAGE sql AS 'SELECT sum(v)::int FROM public.t'`,
    breaks: ['proved'],
    reason: /a table, view or function that it uses was dropped/,
  },
  {
    what: 'a function with another default of an argument that is left out',
    change: `CREATE OR REPLACE FUNCTION more(int, int = 2) RETURNS int IMMUTABLE
      LANGUAGE sql AS 'SELECT $1 + $2'`,
    breaks: ['defaulted'],
    reason: /function (public\.)?more\(integer,integer\) was replaced/,
  },
  {
    what: 'another schema under the name of that of a function which a body calls',
    change: `ALTER SCHEMA apart RENAME TO away; CREATE SCHEMA apart;
      CREATE FUNCTION apart.far(int) RETURNS int LANGUAGE sql AS 'SELECT $1 % 5'`,
    breaks: ['proved'],
    reason: /function away\.far\(integer\), .*, was apart\.far\(integer\) before/,
  },
  {
    what: 'the function behind an aggregate',
    change: `CREATE OR REPLACE FUNCTION add(int, int) RETURNS int IMMUTABLE
        LANGUAGE sql AS 'SELECT $2'`,
    breaks: ['aggregated'],
    reason: /function (public\.)?add\(integer,integer\) was replaced/,
  },
  {
    what: 'the function behind an operator',
    change: `CREATE OR REPLACE FUNCTION less(text, text) RETURNS boolean IMMUTABLE
        LANGUAGE sql AS 'SELECT true'`,
    breaks: ['operated'],
    reason: /function (public\.)?less\(text,text\) was replaced/,
  },
  {
    what: 'a view with another query',
    change: `CREATE OR REPLACE VIEW "od""d s'x"."vi;ew" AS SELECT id, g, v FROM t WHERE v > 10`,
    breaks: ['viewed'],
    reason: /view .*vi;ew.* was replaced/,
  },
];

const OF_EXTENSION: readonly Case[] = [
  {
    what: 'a log that the extension does not know any more',
    change: `DELETE FROM table_change_tracker.capture_targets WHERE source = 't'::regclass;
      ALTER TABLE t ALTER COLUMN v SET STATISTICS 60; INSERT INTO t VALUES (99, 'g1', 1000)`,
    breaks: ALL,
    reason: /capture on (public\.)?t is disabled or gone/,
  },
];

/** None of these changes what any imat answers. */
const HARMLESS = `
CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE OR REPLACE VIEW "od""d s'x"."vi;ew" AS SELECT   id,  g,
  v FROM t WHERE v > 5;
COMMENT ON FUNCTION twice(int) IS 'x';
CREATE OR REPLACE FUNCTION helper(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
GRANT EXECUTE ON FUNCTION twice(int) TO PUBLIC;
ALTER VIEW "od""d s'x"."vi;ew" RENAME TO other;
ALTER VIEW "od""d s'x".other RENAME TO "vi;ew";
ALTER TABLE t ADD COLUMN added int DEFAULT 5;
ALTER TABLE t ENABLE ALWAYS TRIGGER "!imat_insert";
CREATE INDEX ON t (g);
CREATE TRIGGER own AFTER INSERT ON t FOR EACH STATEMENT
  EXECUTE FUNCTION suppress_redundant_updates_trigger();
DROP TRIGGER own ON t;
CREATE OR REPLACE FUNCTION whole() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2';
CREATE TABLE elsewhere (LIKE t INCLUDING ALL);
DROP TABLE elsewhere;
VACUUM FULL t;
ALTER TABLE t ALTER COLUMN v SET STATISTICS 50`;

const quoted = (name: string): string => `imat."${name.replaceAll('"', '""')}"`;

describe.each(['event triggers', 'no event triggers'])('with %s', (watched) => {
  const hasTriggers = watched === 'event triggers';
  let template: Sandbox;
  beforeAll(async () => {
    template = await createPreparedSandbox(SETUP);
    for (const [name, definition] of Object.entries(DEFINITIONS))
      await template.imat.create(
        name,
        definition,
        name === 'stored' ? { freshness: '1 hour' } : {},
      );
    if (!hasTriggers)
      await template.sql('DROP EVENT TRIGGER imat_ddl; DROP EVENT TRIGGER imat_drop');
  });
  afterAll(() => template.drop());

  const broken = async (): Promise<string[]> =>
    (
      await template.db.query<{ name: string }>(
        `SELECT name FROM imat_catalog.imat WHERE broken IS NOT NULL ORDER BY name COLLATE "C"`,
      )
    ).map(({ name }) => name);

  test.each(WITH_EXTENSION ? [...CASES, ...OF_EXTENSION] : CASES)(
    '$what',
    async ({ change, breaks, reason }) => {
      // All in one transaction, so that the next case begins anew.
      const { db } = template;
      await db.execute('BEGIN; SET LOCAL search_path = public');
      try {
        await db.execute(change);
        await db.execute('SET LOCAL search_path = pg_catalog');
        if (!hasTriggers) {
          expect(await broken()).toEqual([]);
          await db.query('SELECT imat_catalog.look(NULL, 10, NULL)');
        }
        const expected = breaks;
        expect(await broken()).toEqual(expected.toSorted());
        for (const name of ALL) {
          await db.execute('SAVEPOINT s');
          if (expected.includes(name))
            await expect(db.query(`SELECT * FROM ${quoted(name)}`)).rejects.toMatchObject({
              sqlstate: 'IM024',
              message: expect.stringMatching(reason),
              hint: expect.stringContaining('imat repair'),
            });
          else await expectEqual(db, quoted(name), DEFINITIONS[name] ?? '', name, true);
          await db.execute('ROLLBACK TO s');
        }
        const status = await db.query<{ name: string; state: string; severities: string[] }>(
          `SELECT name, state, to_json(ARRAY(SELECT p->>'severity'
            FROM jsonb_array_elements(problems) p)) AS severities
         FROM imat_catalog.status ORDER BY name`,
        );
        for (const { name, state, severities } of status) {
          const isBroken = expected.includes(name);
          expect([name, state, severities]).toEqual(
            isBroken ? [name, 'broken', ['broken']] : [name, 'active', []],
          );
        }
      } finally {
        await db.execute('ROLLBACK');
      }
      expect(await broken()).toEqual([]);
    },
  );

  test('what changes nothing breaks nothing', async () => {
    for (const statement of HARMLESS.split(';\n')) await template.sql(statement);
    expect(await template.rows('SELECT * FROM imat_catalog.differences(NULL)')).toEqual([]);
    await template.sql(`INSERT INTO t VALUES (200, 'g1', 5)`);
    for (const name of ALL) {
      if (name === 'stored') await template.imat.swap(name);
      else if (name !== 'ta"bl;e' && name !== 'aggregated') await template.imat.fold(name);
      await expectEqual(template.db, quoted(name), DEFINITIONS[name] ?? '', name);
    }
    expect(await broken()).toEqual([]);
  });

  test.skipIf(WITH_EXTENSION)('a capture function with another body', async () => {
    await template.db.execute(`BEGIN;
      CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_t() RETURNS trigger
      LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
    await template.db.query('SELECT imat_catalog.look(NULL, 10, NULL)');
    expect(await broken()).toEqual(ALL.toSorted());
    await template.db.execute('ROLLBACK');
  });

  test('a fold and a swap notice it and leave a mark', async () => {
    await template.sql(`INSERT INTO t VALUES (201, 'g1', 5)`);
    if (hasTriggers) await template.sql('ALTER EVENT TRIGGER imat_ddl DISABLE');
    await template.sql(
      `CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 4'`,
    );
    await template.sql(`ALTER TABLE t DISABLE TRIGGER "!imat_delete"`);
    expect(await broken()).toEqual([]);
    for (const command of [`CALL imat.fold('func')`, `CALL imat.swap('ta"bl;e')`])
      await expect(template.rows(command)).rejects.toMatchObject({ sqlstate: 'IM024' });
    expect(await broken()).toEqual(['func', 'ta"bl;e']);
    const error = await expectImatError('broken', () => template.imat.rebuild('plain'));
    expect(error).toMatchObject({ category: 'drift', hint: 'Run imat repair plain.' });
    const { results } = await template.imat.verify();
    expect(results.map(({ error }) => error?.code)).toEqual(results.map(() => 'IM024'));
  });

  test('the conversion of another imat makes capture whole, broken ones stay broken', async () => {
    await template.imat.create('anew', DEFINITIONS['plain'] ?? '');
    expect(await broken()).toEqual(ALL.toSorted());
    await template.sql(
      `DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (300, 'g4', 5); UPDATE t SET v = v + 1`,
    );
    await expectEqual(template.db, 'imat.anew', DEFINITIONS['plain'] ?? '');
    await template.imat.fold('anew');
    await expectEqual(template.db, 'imat.anew', DEFINITIONS['plain'] ?? '');
    for (const name of ALL) await template.imat.revert(name);
    expect(await broken()).toEqual([]);
    await template.imat.create('plain', DEFINITIONS['plain'] ?? '');
    await template.sql(`DELETE FROM t WHERE id = 4`);
    await expectEqual(template.db, 'imat.plain', DEFINITIONS['plain'] ?? '');
    await expectEqual(template.db, 'imat.anew', DEFINITIONS['plain'] ?? '');
  });
});
