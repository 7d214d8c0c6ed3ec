/**
 * An update is logged net: rows whose logged columns stayed the same to the last bit cancel out,
 * and no others.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  type World,
} from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

let world: World;
beforeAll(async () => {
  const collation = `CREATE COLLATION caseless (
    provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;
  world = await createPreparedWorld(`
    CREATE TYPE pair AS (a int, b numeric);
    CREATE DOMAIN price AS numeric CHECK (VALUE >= 0);
    ${lacks('icu') ? '' : collation}`);
});
afterAll(() => world.drop());
afterEach(async () => {
  for (const { name } of await world.imat.list().catch(() => [])) await world.imat.revert(name);
  await world.sql(
    `DROP VIEW IF EXISTS upd;
     DROP TABLE IF EXISTS t, other;
     DROP FUNCTION IF EXISTS compare, before_truncate, before_row, after_row`,
  );
});

type Case = {
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly same?: true;
};
const CASES: readonly Case[] = [
  { type: 'numeric', from: '1.0', to: '1.00' },
  { type: 'numeric', from: '1.0', to: '1.0', same: true },
  { type: 'numeric', from: 'NaN', to: 'NaN', same: true },
  { type: 'numeric(10,2)', from: '1', to: '1.00', same: true },
  { type: 'price', from: '1.0', to: '1.00' },
  { type: 'float8', from: '-0', to: '0' },
  { type: 'float8', from: 'NaN', to: 'NaN', same: true },
  { type: 'float4', from: '0', to: '-0' },
  { type: 'interval', from: '1 day', to: '24 hours' },
  { type: 'interval', from: '1 mon', to: '30 days' },
  { type: 'jsonb', from: '{"a": 1.0}', to: '{"a": 1.00}' },
  { type: 'jsonb', from: '{"a": 1, "b": 2}', to: '{"b": 2,   "a": 1}', same: true },
  { type: 'json', from: '{"a":1}', to: '{"a": 1}' },
  { type: 'json', from: '{"a":1}', to: '{"a":1}', same: true },
  { type: 'xml', from: '<a b="1"/>', to: '<a b="2"/>' },
  { type: 'xml', from: '<a/>', to: '<a/>', same: true },
  { type: 'refcursor', from: 'a', to: 'b' },
  { type: 'refcursor', from: 'a', to: 'a', same: true },
  { type: 'point', from: '(1,2)', to: '(2,1)' },
  { type: 'point', from: '(1,2)', to: '(1,2)', same: true },
  { type: 'box', from: '(1,1),(0,0)', to: '(1,0.5),(0,-0.5)' },
  { type: 'polygon', from: '((0,0),(1,1),(1,0))', to: '((0,0),(1,1),(1,0.5))' },
  { type: 'circle', from: '<(0,0),1>', to: '<(5,5),1>' },
  { type: 'path', from: '[(0,0),(1,1)]', to: '((0,0),(1,1))' },
  { type: 'char(3)', from: 'a', to: 'a ', same: true },
  { type: 'bpchar', from: 'a', to: 'a ' },
  { type: '"char"', from: 'a', to: 'b' },
  { type: 'varchar(5)', from: 'a', to: 'a ' },
  { type: 'text COLLATE caseless', from: 'abc', to: 'ABC' },
  { type: 'numeric[]', from: '{1.0,2}', to: '{1.00,2}' },
  { type: 'int[]', from: '{1,2}', to: '[0:1]={1,2}' },
  { type: 'int[]', from: '{1,2}', to: '{1,2}', same: true },
  { type: 'pair', from: '(1,1.0)', to: '(1,1.00)' },
  { type: 'numrange', from: '[1.0,2]', to: '[1.00,2]' },
  { type: 'int4range', from: '[1,2]', to: '[1,3)', same: true },
  { type: 'timetz', from: '10:00+00', to: '11:00+01' },
  { type: 'timestamptz', from: '2026-01-01 10:00+00', to: '2026-01-01 11:00+01', same: true },
  { type: 'bytea', from: '\\x00', to: '\\x0000' },
  { type: 'bit varying', from: '1', to: '10' },
  { type: 'tsvector', from: 'a:1', to: 'a:2' },
  { type: 'tsquery', from: 'a & b', to: 'b & a' },
  { type: 'jsonpath', from: '$.a', to: '$.b' },
  { type: 'pg_lsn', from: '0/1', to: '0/2' },
  { type: 'pg_snapshot', from: '10:20:', to: '10:21:' },
  { type: 'aclitem', from: 'postgres=r/postgres', to: 'postgres=w/postgres' },
  { type: 'regtype', from: 'int4', to: 'int8' },
];

const CAN_RUN = CASES.filter(
  ({ type }) => !(type === 'xml' && lacks('xml')) && !(type.includes('caseless') && lacks('icu')),
);
for (const { type } of CASES.filter((one) => !CAN_RUN.includes(one)))
  test.skip(`type ${type}: this server was built without it`);
/** What has no equality: a list of them is no key, so it would take that from the others. */
const NO_KEY = /^(?:json|jsonpath|xml|point|box|polygon|circle|path|pg_snapshot|refcursor)$/;
const GROUPS = [
  CAN_RUN.filter(({ type }) => !NO_KEY.test(type)),
  CAN_RUN.filter(({ type }) => NO_KEY.test(type)),
].flatMap((cases) =>
  Array.from({ length: Math.ceil(cases.length / 8) }, (_, n) => cases.slice(8 * n, 8 * n + 8)),
);
/**
 * Each `v` is counted, so that a column of any type is logged; the list shows their exact text
 * where the types can be a key.
 */
test.each(
  GROUPS.map(
    (cases) => [cases.map(({ type, from, to }) => `${type}: ${from} to ${to}`), cases] as const,
  ),
)('%j', async (_names, cases) => {
  const each = (text: (one: Case, column: string) => string): string =>
    cases.map((one, n) => text(one, `v${n}`)).join(', ');
  await world.sql(
    `CREATE TABLE t (id int, ${each(({ type }, v) => `${v} ${type}`)}, other text);
     INSERT INTO t VALUES (1, ${each(({ from }) => `'${from}'`)}), (2, ${each(() => 'NULL')}),
       (3, ${each(({ to }) => `'${to}'`)})`,
  );
  const counted: Checked = {
    name: 'counted',
    definition: `SELECT id, ${each((_, v) => `count(${v}) AS ${v}`)} FROM public.t GROUP BY id`,
  };
  expect((await world.imat.create('counted', counted.definition)).strategy).toBe('delta');
  const listed: Checked = {
    name: 'listed',
    definition: `SELECT ${each((_, v) => v)} FROM public.t`,
    by: each((_, v) => `${v}::text`),
  };
  await world.imat.create('listed', listed.definition);
  const logged = async (statement: string): Promise<number> => {
    const before = await world.value<number>('SELECT count(*)::int FROM imat_store.log_public_t');
    await world.sql(statement);
    await expectExact(world, [counted, listed], statement);
    return (
      (await world.value<number>('SELECT count(*)::int FROM imat_store.log_public_t')) - before
    );
  };
  for (const [n, { type, from, to, same }] of cases.entries()) {
    const v = `v${n}`;
    const what = `${type}: ${from} to ${to}`;
    expect(await logged(`UPDATE t SET ${v} = '${to}' WHERE id = 1`), what).toBe(
      same === true ? 0 : 2,
    );
    expect(await logged(`UPDATE t SET ${v} = NULL WHERE id = 2`), what).toBe(0);
    // Values that change places cancel out as well, where the key does not tell them apart.
    const value = `'${to}'::${type.replace(' COLLATE caseless', '')}`;
    expect(
      await logged(
        `UPDATE t SET ${v} = CASE id WHEN 3 THEN NULL ELSE ${value} END WHERE id IN (2, 3)`,
      ),
      what,
    ).toBe(4);
  }
  expect(await logged(`UPDATE t SET other = 'x'`)).toBe(0);
  await foldAll(world.imat);
  await expectExact(world, [counted, listed], 'folded');
  await world.sql(`DELETE FROM t WHERE id < 3; TRUNCATE t`);
  await expectExact(world, [counted, listed], 'emptied');
  await foldAll(world.imat);
  await expectExact(world, [counted, listed], 'folded again');
});

describe('rows as a whole', () => {
  test('duplicates, and rows that take each other’s place', async () => {
    await world.sql(
      `CREATE TABLE t (a int, b int, c int);
       INSERT INTO t SELECT i % 2, i % 3, i FROM generate_series(1, 12) AS i`,
    );
    const listed: Checked = { name: 'listed', definition: 'SELECT a, b FROM public.t' };
    await world.imat.create('listed', listed.definition);
    const pending = (): Promise<number> =>
      world.value<number>('SELECT COALESCE(sum(abs(weight)), 0)::int FROM imat_store.log_public_t');
    await world.sql('UPDATE t SET a = 1 - a');
    await expectExact(world, listed);
    expect(await pending()).toBe(0);
    await world.sql('UPDATE t SET a = 1');
    await expectExact(world, listed);
    expect(await pending()).toBe(12);
  });

  test('an imat that reads no column at all', async () => {
    await world.sql(`CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)`);
    const counted: Checked = { name: 'counted', definition: 'SELECT count(*) AS n FROM public.t' };
    await world.imat.create('counted', counted.definition);
    for (const write of [
      'UPDATE t SET a = 3',
      'INSERT INTO t VALUES (4)',
      'DELETE FROM t WHERE a = 3',
      'TRUNCATE t',
      'INSERT INTO t VALUES (5)',
    ]) {
      await world.sql(write);
      await expectExact(world, counted, write);
    }
    await foldAll(world.imat);
    await expectExact(world, counted);
  });
});

describe('beside users’ own triggers', () => {
  test('their AFTER STATEMENT triggers see what was captured', async () => {
    await world.sql(`CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 1)`);
    const summed: Checked = {
      name: 'summed',
      definition: 'SELECT id, sum(n) AS n FROM public.t GROUP BY id',
    };
    await world.imat.create('summed', summed.definition);
    await world.sql(`CREATE FUNCTION compare() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT * FROM imat.summed EXCEPT ALL SELECT id, sum(n) FROM public.t GROUP BY id)
          OR EXISTS (
            SELECT id, sum(n) FROM public.t GROUP BY id EXCEPT ALL SELECT * FROM imat.summed
          )
          THEN
          RAISE EXCEPTION 'different in a trigger'; END IF; RETURN NULL; END $$;
      CREATE TRIGGER "0 first" AFTER INSERT OR UPDATE OR DELETE ON t
      FOR EACH STATEMENT
      EXECUTE FUNCTION compare();
      CREATE TRIGGER "ABC" AFTER INSERT OR UPDATE OR DELETE ON t
      FOR EACH STATEMENT
      EXECUTE FUNCTION compare();
      CREATE TRIGGER a AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION compare()`);
    for (const write of [
      'INSERT INTO t VALUES (1, 2), (2, 3)',
      'UPDATE t SET n = n + 1',
      'DELETE FROM t WHERE id = 1',
      'TRUNCATE t',
    ])
      await world.sql(write);
    await expectExact(world, summed);
  });

  test('a BEFORE TRUNCATE trigger that writes to the table which is truncated', async () => {
    await world.sql(
      `CREATE TABLE t (id int, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 5) AS i`,
    );
    const summed: Checked = {
      name: 'summed',
      definition: 'SELECT id, sum(n) AS n FROM public.t GROUP BY id',
    };
    await world.imat.create('summed', summed.definition);
    await world.sql(`CREATE FUNCTION before_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM public.t WHERE id < 3;
        UPDATE public.t SET n = 100 WHERE id = 4;
        INSERT INTO public.t VALUES (9, 9);
        RETURN NULL;
        END $$;
      CREATE TRIGGER a BEFORE TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION before_truncate();
      CREATE TRIGGER zz BEFORE TRUNCATE ON t
      FOR EACH STATEMENT
      EXECUTE FUNCTION before_truncate()`);
    await world.sql('TRUNCATE t');
    await expectExact(world, summed);
    await world.imat.fold('summed');
    await expectExact(world, summed);
  });

  test('row triggers that change, refuse and add rows, to the table itself too', async () => {
    await world.sql(
      `CREATE TABLE t (id int, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 5) AS i`,
    );
    const summed: Checked = {
      name: 'summed',
      definition: 'SELECT id, count(*) AS rows, sum(n) AS n FROM public.t GROUP BY id',
    };
    await world.imat.create('summed', summed.definition);
    await world.sql(`CREATE FUNCTION before_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN RETURN CASE WHEN OLD.id % 2 = 0 THEN OLD END; END IF;
        IF NEW.n = 13 THEN RETURN NULL; END IF; NEW.n := NEW.n * 2; RETURN NEW; END $$;
      CREATE FUNCTION after_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF pg_trigger_depth() < 3 THEN
          INSERT INTO public.t VALUES (NEW.id + 10, 1);
          UPDATE public.t SET n = n + 1 WHERE id = NEW.id;
        END IF;
        RETURN NULL;
        END $$;
      CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON t
      FOR EACH ROW
      EXECUTE FUNCTION before_row();
      CREATE TRIGGER b AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION after_row()`);
    for (const write of [
      'INSERT INTO t VALUES (1, 2), (2, 13), (3, 4)',
      'UPDATE t SET n = CASE WHEN id = 1 THEN 13 ELSE n + 1 END',
      'DELETE FROM t',
    ]) {
      await world.sql(write);
      await expectExact(world, summed, write);
    }
    await world.imat.fold('summed');
    await expectExact(world, summed);
  });

  test('rules that turn a write into others', async () => {
    await world.sql(
      `CREATE TABLE t (id int, n int);
       CREATE TABLE other (id int, n int);
       INSERT INTO t VALUES (1, 1)`,
    );
    const joined: Checked = {
      name: 'joined',
      definition: `SELECT t.id, sum(t.n * o.n) AS n
        FROM public.t JOIN public.other o USING (id)
        GROUP BY t.id`,
    };
    await world.imat.create('joined', joined.definition);
    await world.sql(`CREATE RULE also AS ON INSERT TO t DO ALSO INSERT INTO other VALUES (NEW.id,
        NEW.n);
      CREATE RULE instead AS ON DELETE TO other DO INSTEAD DELETE FROM t
      WHERE id = OLD.id;
      CREATE VIEW upd AS SELECT * FROM t`);
    for (const write of [
      'INSERT INTO t VALUES (2, 3), (1, 4)',
      'UPDATE upd SET n = n + 1',
      'DELETE FROM other WHERE id = 1',
      'INSERT INTO upd VALUES (5, 5)',
    ]) {
      await world.sql(write);
      await expectExact(world, joined, write);
    }
  });
});
