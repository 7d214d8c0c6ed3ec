/**
 * Capture runs with its owner's rights inside other roles' statements: nothing of it may be looked
 * up where they can put things.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WITH_EXTENSION } from '../../setup/database.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  type Session,
  sqlstateOf,
  type World,
} from '../commands/support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const ROWS: readonly Checked[] = [
  {
    name: 'summed',
    definition: `SELECT region, count(*) AS n, sum(amount) AS total, sum(price) AS price,
        bool_and(paid) AS paid
      FROM public.sale
      GROUP BY region`,
  },
  {
    name: 'listed',
    definition: 'SELECT region, tags, doc FROM public.sale',
    by: 'region, tags::text, doc::text',
  },
];
const MARKS: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY n) AS place FROM public.mark`,
};
const ALL = [...ROWS, MARKS];

/**
 * Whatever a body could look up by name: each of these raises when it is called, with the role that
 * it is called as.
 */
const TYPES = [
  'int2',
  'int4',
  'int8',
  'numeric',
  'text',
  'bool',
  'float8',
  'bytea',
  'oid',
  'jsonb',
  'xid8',
  'regclass',
  'name',
  'text[]',
  'interval',
  'date',
];
const OPERATORS = ['=', '<>', '<', '>', '<=', '>=', '+', '-', '*', '||'];
const FUNCTIONS = [
  'format',
  'current_setting',
  'pg_current_xact_id',
  'pg_visible_in_snapshot',
  'pg_current_snapshot',
  'int4',
  'int8',
  'numeric_send',
  'textsend',
  'jsonb_send',
  'jsonb_out',
  'array_send',
  'array_out',
  'record_send',
  'sha256',
  'array_agg',
];
const AGGREGATES = ['sum', 'count', 'min', 'max', 'bool_or'];

const raising = (name: string, types: readonly string[], returns: string): string =>
  `CREATE FUNCTION evil.${name}(${types.join(', ')}) RETURNS ${returns}
   LANGUAGE plpgsql
   AS $$
     BEGIN
       RAISE EXCEPTION '${name} was looked up by search_path, as %', current_user;
     END
   $$;`;

const EVIL = [
  'CREATE SCHEMA evil;',
  ...TYPES.flatMap((type) => [
    raising('operator', [type, type], 'bool'),
    raising('step', [type, type], type),
    ...OPERATORS.map(
      (operator) =>
        `CREATE OPERATOR evil.${operator} (LEFTARG = ${type}, ` +
        `RIGHTARG = ${type}, FUNCTION = evil.operator);`,
    ),
    ...FUNCTIONS.map((name) => raising(name, [type], type)),
    ...AGGREGATES.map(
      (name) => `CREATE AGGREGATE evil.${name}(${type}) (SFUNC = evil.step, STYPE = ${type});`,
    ),
  ]),
  raising('pg_current_xact_id', [], 'xid8'),
  raising('format', ['text', 'regclass'], 'text'),
  raising('convert_to', ['text', 'name'], 'bytea'),
  raising('getdatabaseencoding', [], 'name'),
  raising('current_setting', ['text', 'bool'], 'text'),
  'CREATE TABLE evil.new_rows (id int, region text, amount numeric, ' +
    'price float8, paid bool, tags text[], doc jsonb);',
  'CREATE TABLE evil.old_rows (LIKE evil.new_rows); ' +
    'CREATE TABLE evil.sale (LIKE evil.new_rows); ' +
    'CREATE TABLE evil.log_public_sale (weight text);',
  'INSERT INTO evil.new_rows VALUES (1); INSERT INTO evil.old_rows VALUES (1);',
  ...['xid8', 'regclass', 'int8'].map((name) => `CREATE TYPE evil.${name} AS ENUM ('x');`),
  'GRANT USAGE ON SCHEMA evil TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA evil TO PUBLIC;',
].join('\n');

/** One statement each: all events, both kinds of log, hashing and sorting alike. */
const WRITES = [
  'TRUNCATE public.mark, public.sale',
  'INSERT INTO public.sale SELECT * FROM public.seed',
  'INSERT INTO public.mark SELECT id, id FROM public.seed',
  `INSERT INTO public.sale
   VALUES (1001, 'new', 1.5, 2, true, '{a}', '{"a": 1.0}'),
     (1002, NULL, NULL, NULL, NULL, NULL, NULL)`,
  `INSERT INTO public.sale
   VALUES (1, 'x', 9)
   ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount`,
  'UPDATE public.sale SET amount = amount, region = region',
  `UPDATE public.sale
   SET amount = 7, price = 1, tags = '{b}', doc = '{"a": 1.00}'
   WHERE id OPERATOR(pg_catalog.<) 3`,
  `UPDATE public.sale SET region = 'all'`,
  'DELETE FROM public.sale WHERE id OPERATOR(pg_catalog.<) 5',
  'DELETE FROM public.sale WHERE false',
  'INSERT INTO public.mark VALUES (1001, 1)',
  'UPDATE public.mark SET n = n OPERATOR(pg_catalog.+) 1',
  'DELETE FROM public.mark WHERE id OPERATOR(pg_catalog.<) 3',
];

let world: World;
let writerName: string;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE sale (
      id int PRIMARY KEY, region text, amount numeric, price float8, paid bool, tags text[],
      doc jsonb
    );
    CREATE TABLE mark (id int PRIMARY KEY, n int);
    CREATE TABLE seed AS
    SELECT i AS id, 'r' || i % 5 AS region, i::numeric AS amount, i::float8 AS price,
      i % 2 = 0 AS paid, ARRAY['t' || i % 3] AS tags, jsonb_build_object('a', i % 4) AS doc
    FROM generate_series(1, 40) AS i;
    ${EVIL}`);
  writerName = await world.role();
  await world.sql(
    `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON sale, mark, seed TO ${writerName};
     GRANT TEMPORARY
     ON DATABASE ${await world.value<string>('SELECT current_database()')}
     TO ${writerName}`,
  );
  for (const { name, definition } of ALL) await world.imat.create(name, definition);
});
afterAll(() => world.drop());

/**
 * All writes as a role without any right on imat's schemas, the imats compared by another session
 * after each.
 */
async function writeAll(writer: Session): Promise<void> {
  for (const write of WRITES) {
    await writer.sql(write);
    await expectExact(world, ALL, write);
  }
  await foldAll(world.imat);
  await world.imat.swap('ranked');
  await expectExact(world, ALL, 'folded');
}

describe('a writer without any right on imat’s schemas', () => {
  test('writes in every way', async () => {
    const writer = await world.session(writerName);
    for (const schema of ['imat_catalog', 'imat_store']) {
      expect(await writer.value(`SELECT has_schema_privilege('${schema}', 'USAGE')`)).toBe(false);
    }
    await writeAll(writer);
  });

  test('with a search_path that begins with its own operators, functions and types', async () => {
    const writer = await world.session(writerName);
    await writer.sql('SET search_path = evil, pg_temp, public, pg_catalog');
    // The trap works: what is looked up by name falls into it.
    for (const query of [
      `SELECT 1 = 1`,
      `SELECT 'a'::text <> 'b'`,
      'SELECT sum(1::pg_catalog.int8)',
      `SELECT current_setting('x'::text)`,
      'SELECT pg_current_xact_id()',
    ]) {
      expect(await sqlstateOf(writer.rows(query)), query).toBe('P0001');
    }
    await writeAll(writer);
  });

  test('with temporary tables in the way, which are looked up before anything else', async () => {
    const writer = await world.session(writerName);
    await writer.sql(`CREATE TEMP TABLE new_rows (LIKE public.sale);
      CREATE TEMP TABLE old_rows (LIKE public.sale);
      CREATE TEMP TABLE sale (LIKE public.sale);
      CREATE TEMP TABLE mark (id int, n int);
      CREATE TEMP TABLE log_public_sale (weight text);
      CREATE TEMP TABLE n (a int);
      CREATE TEMP TABLE o (a int);
      CREATE TEMP TABLE u (a int);
      CREATE TEMP TABLE t (a int);
      CREATE TEMP TABLE l (a int);
      INSERT INTO new_rows (id, region, amount) VALUES (1, 'temp', 1000);
      INSERT INTO old_rows (id, region, amount) VALUES (1, 'temp', 1000);
      INSERT INTO sale (id, region, amount) VALUES (1, 'temp', 1000);
      CREATE TEMP TABLE regclass (a int);
      CREATE TEMP TABLE xid8 (a int);
      CREATE TEMP TABLE text (a int);
      CREATE TEMP TABLE int8 (a int);
      CREATE FUNCTION pg_temp.format(text, regclass) RETURNS text
      LANGUAGE sql AS 'SELECT NULL::text'`);
    await writeAll(writer);
    await writer.sql(`SET search_path = pg_temp, evil`);
    await writeAll(writer);
  });

  test.each(['pg_catalog', "''", 'imat_store, imat_catalog', '"$user"', 'does_not_exist'])(
    'with search_path = %s',
    async (path) => {
      const writer = await world.session(writerName);
      await writer.sql(`SET search_path = ${path}`);
      await writeAll(writer);
    },
  );

  test.each([
    'SET plan_cache_mode = force_generic_plan',
    'SET enable_hashagg = off; SET enable_sort = off',
    `SET quote_all_identifiers = on;
     SET standard_conforming_strings = off;
     SET backslash_quote = off`,
    `SET DateStyle = 'German';
     SET IntervalStyle = 'iso_8601';
     SET extra_float_digits = 0;
     SET bytea_output = 'escape';
     SET xmloption = 'document'`,
    `SET check_function_bodies = off;
     SET row_security = off;
     SET transform_null_equals = on;
     SET array_nulls = off`,
    `SET default_transaction_isolation = 'read committed';
     SET default_toast_compression = 'pglz';
     SET synchronous_commit = off;
     SET jit = on;
     SET jit_above_cost = 0`,
  ])('under %s', async (settings) => {
    const writer = await world.session(writerName);
    await writer.sql(settings);
    await writeAll(writer);
  });
});

describe('what runs with its owner’s rights', () => {
  test('nobody else can call it, neither directly nor as a trigger of another table', async () => {
    const definers = await world.rows<{ name: string; public: boolean; trigger: boolean }>(
      `SELECT p.oid::regprocedure::text AS name,
         has_function_privilege('${writerName}', p.oid, 'EXECUTE') AS public,
         p.prorettype = 'trigger'::regtype AS trigger
       FROM pg_proc p
       WHERE p.pronamespace IN (
         'imat'::regnamespace, 'imat_catalog'::regnamespace, 'imat_store'::regnamespace
       )
         AND p.prosecdef`,
    );
    // Two that count changes, and those of two sources; with the extension, the ones for TRUNCATE.
    expect(definers.filter((one) => one.trigger)).toHaveLength(2 + (WITH_EXTENSION ? 2 : 8));
    // What views ask when anybody reads them; they tell whether a table is the one that an imat
    // stores, whether many rows are pending, and to who may read the imat how many, and how many
    // keys there are (expected-rows.pg.test.ts); they change nothing. append_reset refuses whoever
    // does not write to the table (new-owner.pg.test.ts). The functions in schema imat check the
    // rights of their callers themselves (test/engine/accounting).
    const open = definers.filter((one) => one.public && !one.name.startsWith('imat.'));
    expect(open.map(({ name }) => name).toSorted()).toEqual([
      'imat_catalog.arm_without_frontier(text,integer)',
      'imat_catalog.distinct_values(integer,regclass,integer)',
      'imat_catalog.expected_rows(integer,regclass)',
      'imat_catalog.is_outgrown(integer,pg_snapshot,integer)',
      'imat_catalog.is_stored(integer,oid,text)',
      'imat_catalog.no_frontier(text)',
      // These and the last two ask for a key, which only the view can give.
      'imat_store.answered_listed(uuid)',
      'imat_store.answered_summed(uuid)',
      'imat_store.append_reset(regclass)',
      'imat_store.computed_listed(uuid)',
      'imat_store.computed_summed(uuid)',
    ]);
    const writer = await world.session(writerName);
    await writer.sql(
      `CREATE TEMP TABLE bait (
         id int, region text, amount numeric, price float8, paid bool, tags text[], doc jsonb
       )`,
    );
    for (const { name } of definers.filter((one) => one.trigger)) {
      expect(
        await sqlstateOf(
          writer.sql(
            'CREATE TRIGGER t AFTER INSERT ON bait REFERENCING NEW TABLE AS ' +
              `new_rows FOR EACH STATEMENT EXECUTE FUNCTION ${name}`,
          ),
        ),
      ).toBe('42501');
    }
    for (const call of [
      `CALL imat.fold('summed')`,
      `CALL imat.swap('ranked')`,
      'SELECT imat_store.fold_summed()',
      `SELECT imat_catalog.clean_log('sale'::regclass)`,
      `SELECT imat_catalog.claim(1)`,
    ]) {
      expect(await sqlstateOf(writer.sql(call)), call).toBe('42501');
    }
    await expectExact(world, ALL);
  });

  test('survives columns that are called like its own words', async () => {
    await world.sql(`CREATE TABLE words (
        new_rows int, old_rows int, n int, o int, u int, t int, l int, weight int,
        xid int, c1 int, tg_op text, tg_relid oid, "new" int, "old" int, found bool,
        "%s" int, "'" int, "$imat$" int, PRIMARY KEY (n)
      );
      INSERT INTO words
      SELECT i, i, i, i, i, i, i, i, i, i, 'x', 1, i, i, true, i, i, i
      FROM generate_series(1, 5) AS i`);
    const checked: Checked = {
      name: 'words',
      definition: `SELECT tg_op, found, sum(new_rows) AS a, sum(old_rows) AS b, sum(n) AS n,
        sum(o) AS o, sum(u) AS u, sum(t) AS t, sum(l) AS l, sum(weight) AS weight,
        sum(xid) AS xid,
      sum(c1) AS c1, count(tg_relid) AS tg_relid, sum("new") AS "new", sum("old") AS "old",
      sum("%s") AS "%s", sum("'") AS "'", sum("$imat$") AS "$imat$"
      FROM public.words
      GROUP BY tg_op, found`,
    };
    expect((await world.imat.create(checked.name, checked.definition)).strategy).toBe('delta');
    for (const write of [
      'UPDATE words SET weight = weight + 1, "%s" = 9',
      `INSERT INTO words (n, "'") VALUES (10, 3)`,
      'DELETE FROM words WHERE n = 2',
      'SAVEPOINT a',
      'TRUNCATE words',
      'ROLLBACK TO a',
    ]) {
      if (write === 'SAVEPOINT a') await world.sql('BEGIN');
      await world.sql(write);
      await expectExact(world, checked, write);
    }
    await world.sql('COMMIT');
    await world.imat.revert('words');
  });
});
