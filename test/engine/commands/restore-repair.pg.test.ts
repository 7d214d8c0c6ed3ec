/**
 * A database with imats, dumped and restored in every way that pg_dump offers: the restore reports
 * no error that imat causes, what was restored says that it is broken instead of answering wrong,
 * and `imat repair` brings everything back.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { EXTENSION } from '../../../engine/sql/names.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { hasPrograms, useDumpServer } from './support/dump-server.ts';
import { type Checked, expectExact, sqlstateOf, type World } from './support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const IMATS: Checked[] = [
  {
    name: 'spent',
    definition: `SELECT c.id, c.email, sum(o.amount) AS total FROM app.customer c
      JOIN app.orders o ON o.customer_id = c.id GROUP BY c.id`,
  },
  {
    name: 'other',
    definition: 'SELECT customer_id, count(*) AS n FROM app.orders GROUP BY customer_id',
  },
  {
    name: 'ranked',
    definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY amount, id) AS place FROM app.orders`,
  },
  {
    name: 'keyed',
    definition: `${REBUILT}
      SELECT c.id, c.email, max(c.id) OVER () AS last FROM app.customer c GROUP BY c.id`,
  },
  {
    name: 'counted',
    definition: 'SELECT kind, count(*) AS n, sum(amount) AS total FROM app.event GROUP BY kind',
  },
];
const viewOf = ({ name, definition }: (typeof IMATS)[number]): string =>
  `CREATE MATERIALIZED VIEW app.${name} AS ${definition}`;

const SETUP = `
${WITH_EXTENSION ? `CREATE EXTENSION ${EXTENSION};` : ''}
CREATE SCHEMA app;
CREATE TABLE app.customer (gone int, id int PRIMARY KEY, email text);
ALTER TABLE app.customer DROP COLUMN gone;
CREATE TABLE app.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int,
  amount int);
CREATE TABLE app.event (gone int, id int, kind text, amount int) PARTITION BY RANGE (id);
ALTER TABLE app.event DROP COLUMN gone;
CREATE TABLE app.event_1 (kind text, amount int, id int);
ALTER TABLE app.event ATTACH PARTITION app.event_1 FOR VALUES FROM (0) TO (100);
CREATE TABLE app.event_2 PARTITION OF app.event DEFAULT PARTITION BY LIST (kind);
CREATE TABLE app.event_2a PARTITION OF app.event_2 DEFAULT;
INSERT INTO app.event SELECT i, 'k' || i % 3, i FROM generate_series(0, 199) AS i;
INSERT INTO app.customer SELECT i, 'c' || i FROM generate_series(1, 20) AS i;
INSERT INTO app.orders (customer_id, amount) SELECT 1 + i % 20, i % 50
  FROM generate_series(1, 300) AS i;
${IMATS.map(viewOf).join(';\n')}`;
const WRITES = `
INSERT INTO app.orders (customer_id, amount) SELECT 1 + i % 20, i FROM generate_series(1, 30) AS i;
UPDATE app.customer SET email = email || '+' WHERE id % 3 = 0;
INSERT INTO app.event SELECT i, 'k' || i % 4, i FROM generate_series(0, 199, 3) AS i;
INSERT INTO app.event_1 (id, kind, amount) VALUES (5, 'k9', 1);
DELETE FROM app.event_2a WHERE id % 7 = 1;
DELETE FROM app.orders WHERE id % 11 = 3`;
const MATERIALIZED: readonly Pick<Checked, 'name' | 'definition'>[] = [
  { name: 'top', definition: 'SELECT * FROM imat.spent WHERE total > 100' },
  { name: 'best', definition: 'SELECT id FROM app.ranked WHERE place < 9' },
  { name: 'kinds', definition: 'SELECT kind, total FROM imat.counted' },
  { name: 'keys', definition: 'SELECT * FROM imat.keyed' },
  // With the rows of the moment at which the other one was filled.
  { name: 'above', definition: 'SELECT id FROM app.top' },
];
const DEPENDENTS = `
CREATE VIEW app.big AS SELECT id FROM imat.spent WHERE total > 100;
CREATE VIEW app.first AS SELECT id FROM app.ranked WHERE place = 1;
${MATERIALIZED.map(
  ({ name, definition }) => `CREATE MATERIALIZED VIEW app.${name} AS ${definition}`,
).join(';\n')}`;

describe.skipIf(!hasPrograms)('a restored database', () => {
  const server = useDumpServer();
  const { program, urlOf, create, open } = server;
  let shop: World;
  const dump = async (name: string, args: readonly string[]): Promise<string> => {
    const file = join(server.directory, name);
    await program('pg_dump', ['--dbname', shop.url, '--file', file, ...args]);
    return file;
  };
  const load = (name: string, file: string, stop = '1'): Promise<string> =>
    program('psql', [
      '--quiet',
      '--no-psqlrc',
      '--output',
      '/dev/null',
      '--set',
      `ON_ERROR_STOP=${stop}`,
      '--file',
      file,
      urlOf(name),
    ]);

  beforeAll(async () => {
    await create('shop');
    shop = await open('shop');
    await shop.sql(SETUP);
    for (const { name } of IMATS)
      await shop.imat.convert(`app.${name}`, { replace: name === 'ranked' || name === 'keyed' });
    await shop.sql(DEPENDENTS);
    await shop.sql(WRITES);
    await shop.imat.fold('other');
    await shop.sql(WRITES);
    await expectExact(shop, IMATS);
  });

  /** What the restore filled is what the restored database would fill it with. */
  async function expectPopulated(world: World): Promise<void> {
    const definitionOf = ({ name }: { readonly name: string }): string =>
      IMATS.find((imat) => imat.name === name)?.definition ?? expect.fail(name);
    for (const { name, definition } of MATERIALIZED) {
      const query = definition.replace(
        /(imat|app)\.(spent|ranked|counted|keyed)/,
        (_, __, imat: string) => `(${definitionOf({ name: imat })}) AS ${imat}`,
      );
      for (const [one, other] of [
        [query, `TABLE app.${name}`],
        [`TABLE app.${name}`, query],
      ])
        expect(await world.rows(`(${one}) EXCEPT ALL (${other})`), name).toEqual([]);
    }
  }

  async function expectBroken(world: World): Promise<void> {
    for (const { name } of IMATS)
      expect(await sqlstateOf(world.rows(`SELECT * FROM imat.${name}`))).toBe('IM017');
    expect((await world.imat.list()).map((imat) => imat.state)).toEqual(IMATS.map(() => 'broken'));
    const { checks } = await world.imat.doctor();
    for (const { name } of IMATS)
      expect(checks.find((check) => check.check === `imat ${name}`)).toMatchObject({
        status: 'error',
        hint: `Run imat repair ${name}.`,
      });
  }

  async function expectRepaired(world: World): Promise<void> {
    const before = await world.rows(
      `SELECT c.oid::regclass::text AS name, c.oid FROM pg_class c
          WHERE c.relnamespace::regnamespace::text IN ('imat', 'app') AND c.relkind = 'v'
          ORDER BY 1`,
    );
    await world.sql(WRITES);
    expect((await world.imat.repair()).filter((one) => one.error !== null)).toEqual([]);
    expect(
      await world.rows(
        `SELECT c.oid::regclass::text AS name, c.oid FROM pg_class c
            WHERE c.relnamespace::regnamespace::text IN ('imat', 'app') AND c.relkind = 'v'
            ORDER BY 1`,
      ),
    ).toEqual(before);
    for (let round = 0; round < 2; round++) {
      await expectExact(world, IMATS, 'repaired');
      await world.sql(WRITES);
      await expectExact(world, IMATS, 'written to');
      for (const { name } of IMATS)
        await (name === 'ranked' || name === 'keyed'
          ? world.imat.swap(name)
          : world.imat.fold(name));
    }
    await world.sql('SELECT * FROM app.big; SELECT * FROM app.first; SELECT * FROM app.keyed');
    for (const { name } of MATERIALIZED) await world.sql(`REFRESH MATERIALIZED VIEW app.${name}`);
    await expectPopulated(world);
    expect((await world.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
    for (const name of ['first', 'big']) await world.sql(`DROP VIEW IF EXISTS app.${name}`);
    for (const { name } of MATERIALIZED.toReversed())
      await world.sql(`DROP MATERIALIZED VIEW app.${name}`);
    for (const { name } of IMATS)
      expect(await world.imat.revert(name)).toEqual({ name, original: `app.${name}` });
    expect(await world.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual(
      [],
    );
    expect(await world.rows(`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([]);
  }

  test('from a plain dump', async () => {
    await create('plain');
    expect(await load('plain', await dump('plain.sql', []))).toBe('');
    const world = await open('plain');
    await expectPopulated(world);
    await expectBroken(world);
    await expectRepaired(world);
  });

  test('from a custom dump, in parallel', async () => {
    await create('custom');
    const file = await dump('custom.dump', ['--format', 'custom']);
    const args = ['--exit-on-error', '--jobs', '2', '--dbname', urlOf('custom'), file];
    expect(await program('pg_restore', args)).toBe('');
    const world = await open('custom');
    await expectPopulated(world);
    await expectBroken(world);
    await expectRepaired(world);
  });

  test('over itself, with --clean', async () => {
    await create('clean');
    await load('clean', await dump('first.sql', []));
    const world = await open('clean');
    const file = await dump('clean.sql', ['--clean', '--if-exists']);
    // Over one that was restored, and over one that was repaired.
    expect(await load('clean', file)).not.toMatch(/error/i);
    await world.imat.repair();
    expect(await load('clean', file)).not.toMatch(/error/i);
    await expectPopulated(world);
    await expectBroken(world);
    await expectRepaired(world);
  });

  test('a worker maintains nothing before, and one imat can be repaired alone', async () => {
    await create('alone');
    await load('alone', await dump('alone.sql', []));
    const world = await open('alone');
    await world.imat.repair('other');
    const [other] = IMATS.filter((imat) => imat.name === 'other');
    await expectExact(world, other === undefined ? [] : [other]);
    expect(await sqlstateOf(world.rows('SELECT * FROM imat.spent'))).toBe('IM017');
    await expectRepaired(world);
  });

  test('the schema of the application alone: capture is named as missing', async () => {
    await create('part');
    const said = await load('part', await dump('part.sql', ['--schema', 'app']), '0');
    const expected = [
      /schema "imat(_store)?" does not exist/,
      /relation "(imat|app)\./,
      /trigger "[!~]imat_/,
      // Of the extension, where that captures.
      /function \w+\.capture_changes\(\) does not exist/,
    ];
    for (const line of said.split('\n').filter((one) => one.includes('ERROR')))
      expect(
        expected.some((known) => known.test(line)),
        line,
      ).toBe(true);
    const world = await open('part');
    await world.sql(WRITES);
    expect(await world.rows('SELECT count(*) > 100 AS many FROM app.orders')).toEqual([
      { many: true },
    ]);
  });
});
