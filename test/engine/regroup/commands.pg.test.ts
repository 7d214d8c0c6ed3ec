/**
 * Imats whose touched keys are computed again, that are computed over several stores, or that join
 * many tables, in every command: what they consist of has names of its own.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import {
  copyDatabase,
  createDatabase,
  createPreparedDatabase,
  type TestDatabase,
} from '../../setup/database.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import { fillModel, openSandbox, type Sandbox, type Session } from '../commands/support/sandbox.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TABLES = `
CREATE TABLE city (id int PRIMARY KEY, name text, country text);
CREATE TABLE sale (id int PRIMARY KEY, city_id int, region text, amount numeric(10,2), day date);
INSERT INTO city SELECT i, 'c' || i, nullif('k' || i % 4, 'k0') FROM generate_series(1, 12) AS i;
INSERT INTO sale
SELECT i, i % 15, 'r' || i % 5, i % 50, date '2024-01-01' + i % 90
FROM generate_series(1, 300) AS i;`;

/** By what is stored. */
const SHAPES = {
  'keys computed again': `SELECT c.country, max(s.amount) AS top, count(DISTINCT s.region) AS n
    FROM public.city c LEFT JOIN public.sale s ON s.city_id = c.id GROUP BY c.country`,
  'one store': `SELECT region AS country, sum(amount) AS top,
      rank() OVER (ORDER BY sum(amount), region) AS n
    FROM public.sale GROUP BY region`,
  'two stores': `WITH sold AS (SELECT city_id, sum(amount) AS total FROM public.sale GROUP BY 1),
      latest AS (SELECT city_id, max(amount) AS top FROM public.sale GROUP BY 1)
    SELECT 'c' || s.city_id AS country, s.total AS top,
      (SELECT count(*) FROM sold) AS n
    FROM sold s JOIN latest l ON l.city_id = s.city_id
    ORDER BY s.total DESC, s.city_id LIMIT 5`,
  'a join of many tables': `SELECT c.country, sum(s.amount) AS top, count(*) AS n
    FROM public.sale s JOIN public.city c ON c.id = s.city_id
      JOIN public.sale t ON t.id = s.id JOIN public.city d ON d.id = t.city_id
    GROUP BY c.country`,
  'values that come and go': `SELECT region AS country, sum(amount) AS top,
      count(DISTINCT city_id) AS n
    FROM public.sale GROUP BY region`,
  'groups of groups': `SELECT region AS country, sum(total) AS top, count(DISTINCT days) AS n
    FROM (SELECT region, city_id, sum(amount) AS total, count(*) AS days FROM public.sale
      GROUP BY region, city_id) t GROUP BY region`,
  added: `SELECT region AS country, sum(amount) AS top, count(*) AS n
    FROM public.sale GROUP BY region`,
  rebuilt: `${REBUILT} SELECT region AS country, sum(amount) AS top, count(*) AS n
    FROM public.sale GROUP BY region`,
} as const;
const MAINTAINED = (
  [
    'keys computed again',
    'one store',
    'two stores',
    'values that come and go',
    'groups of groups',
    'a join of many tables',
  ] as const
).map((name) => [name, SHAPES[name]] as const);

const WRITES = [
  `INSERT INTO sale SELECT max(id) + 1, 3, 'new', 49.5, date '2024-06-01' FROM sale;
   UPDATE sale SET city_id = city_id + 1 WHERE id % 9 = 0`,
  `UPDATE city SET country = CASE WHEN country IS NULL THEN 'k1' END WHERE id % 5 = 0`,
  'DELETE FROM sale WHERE amount > 40 AND id % 2 = 0',
  `DELETE FROM city WHERE id % 6 = 1; UPDATE sale SET region = NULL WHERE id % 31 = 0`,
];

let sandbox: Sandbox;
const reader = `r_${randomBytes(6).toString('hex')}`;
let admin: Db;
beforeAll(async () => {
  admin = await connectDb({ kind: 'url', url: inject('postgresUrl') });
  await admin.execute(`CREATE ROLE ${reader} LOGIN`);
});
afterAll(async () => {
  await admin.execute(`DROP ROLE ${reader}`);
  await admin.close();
});

/** Each test has a copy of a database: cheaper than to remove what another one has made. */
const useCopies = (model: () => Promise<TestDatabase>): void => {
  let filled: TestDatabase;
  beforeAll(async () => {
    filled = await model();
  });
  afterAll(() => filled.drop());
  beforeEach(async () => {
    sandbox = await openSandbox(await copyDatabase(filled.name));
    return () => sandbox.drop();
  });
};
const withTables = async (database: TestDatabase): Promise<TestDatabase> =>
  fillModel(database, (model) => model.sql(TABLES));

const objects = (of: Session = sandbox): Promise<unknown[]> =>
  of.rows(`
    SELECT c.oid::regclass::text AS name, c.relkind::text AS kind FROM pg_class c
    WHERE c.oid >= 16384 AND c.relkind <> 'i' AND c.relnamespace::regnamespace::text !~ '^pg_toast'
    UNION ALL SELECT p.oid::regprocedure::text, 'function' FROM pg_proc p WHERE p.oid >= 16384
    UNION ALL
    SELECT t.tgname || ' on ' || t.tgrelid::regclass, 'trigger' FROM pg_trigger t
    WHERE NOT t.tgisinternal
    UNION ALL SELECT nspname, 'schema' FROM pg_namespace WHERE oid >= 16384
    ORDER BY 1, 2`);

/** Exact through writes, whatever is folded in between. */
async function expectLives(name: string, definition: string, view = `imat.${name}`): Promise<void> {
  for (const [index, write] of WRITES.entries()) {
    await sandbox.sql(write);
    await expectEqual(sandbox.db, view, definition, write);
    if (index % 2 === 1) await sandbox.imat.fold(name);
    await expectEqual(sandbox.db, view, definition, `${write}, folded`);
  }
  expect((await sandbox.imat.verify(name)).results).toMatchObject([{ equal: true }]);
  expect((await sandbox.imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
}

/** A closed way on which each follows each other one once: 0 1 0 2 0 3 1 2 1 3 2 3 0 of four. */
const throughEveryPair = <T>(all: readonly T[]): readonly T[] => [
  ...all.flatMap((one, index) => all.slice(index + 1).flatMap((later) => [one, later])),
  ...all.slice(0, 1),
];

const create = (definition: string, name = 'it', { imat } = sandbox): Promise<unknown> =>
  imat.create(name, definition, { strategy: 'delta' });

describe('without a catalog', () => {
  useCopies(async () => withTables(await createDatabase()));
  test.each(MAINTAINED)(
    'convert and revert leave nothing behind, no catalog either: %s',
    async (_name, definition) => {
      await sandbox.sql(`CREATE MATERIALIZED VIEW it AS ${definition};
      CREATE INDEX ON it (country)`);
      const before = await objects();
      await sandbox.imat.convert('it', { strategy: 'delta', replace: true });
      await expectLives('it', definition);
      await expectEqual(sandbox.db, 'public.it', definition);
      await sandbox.imat.revert('it');
      expect(await objects()).toEqual(before);
    },
  );
});

describe('beside a catalog that stays', () => {
  useCopies(async () => withTables(await createPreparedDatabase()));
  describe.each(MAINTAINED)('%s', (_name, definition) => {
    test('a name of every length and letter', async () => {
      const before = await objects();
      const names = [`Ro"bert'); DROP TABLE sale; --`, 'long'.repeat(15), 'ünï'.repeat(9)];
      for (const name of names) await create(definition, name);
      await sandbox.sql(WRITES[0] ?? '');
      for (const name of names) {
        const quoted = `"${name.replaceAll('"', '""')}"`;
        await expectEqual(sandbox.db, `imat.${quoted}`, definition, name);
        await sandbox.imat.fold(name);
        await expectEqual(sandbox.db, `imat.${quoted}`, definition, name);
        await sandbox.imat.revert(name);
      }
      expect(await objects()).toEqual(before);
    });

    test('freshness, there and back', async () => {
      await sandbox.sql(`CREATE MATERIALIZED VIEW it AS ${definition}`);
      await sandbox.imat.convert('it', { freshness: 'manual' });
      const stored = await sandbox.rows('SELECT * FROM imat.it ORDER BY 1');
      await sandbox.sql('UPDATE sale SET amount = 1');
      expect(await sandbox.rows('SELECT * FROM imat.it ORDER BY 1')).toEqual(stored);
      await sandbox.imat.convert('it', { freshness: 'live' });
      await expectEqual(sandbox.db, 'imat.it', definition);
      await sandbox.imat.convert('it', { freshness: '5s' });
      expect(await sandbox.rows('SELECT * FROM imat.it ORDER BY 1')).toEqual(stored);
      await sandbox.imat.fold('it');
      await expectEqual(sandbox.db, 'imat.it', definition);
      await sandbox.imat.convert('it', { freshness: 'live' });
      await expectLives('it', definition);
    });
  });
  test('columns and tables with names that imat gives itself', async () => {
    await sandbox.sql(`CREATE TABLE touched (imat_stays int, key int, keys int, rows int, s int);
    CREATE TABLE pending (imat_stays int, k int, t text, snapshot int, changed1 int);
    INSERT INTO touched SELECT i % 4, i % 5, i, i, i % 3 FROM generate_series(1, 40) AS i;
    INSERT INTO pending SELECT i % 4, i % 3, 't' || i, i, i FROM generate_series(1, 30) AS i`);
    const definitions = [
      `SELECT imat_stays, max(key) AS keys, min(rows) AS rows FROM public.touched
      GROUP BY imat_stays`,
      `SELECT s.k AS imat_stays, max(t.key) AS key, count(*) AS imat_stays_ FROM public.pending s
      LEFT JOIN public.touched t ON t.key = s.k GROUP BY s.k`,
      `SELECT max(t.key) AS key, count(DISTINCT rows) AS touched
      FROM public.touched t GROUP BY t.s`,
      `SELECT t.rows, t.s, rank() OVER (ORDER BY t.rows) AS only_row,
        (SELECT max(k) FROM public.pending) AS live1 FROM public.touched t`,
      `SELECT k.key, (SELECT max(s.t) FROM public.pending s WHERE s.k = k.key) AS t
      FROM public.touched k`,
    ];
    for (const [index, definition] of definitions.entries()) await create(definition, `d${index}`);
    const expectAll = async (context: string): Promise<void> => {
      for (const [index, definition] of definitions.entries())
        await expectEqual(sandbox.db, `imat.d${index}`, definition, context);
    };
    for (const write of [
      'UPDATE touched SET imat_stays = 2, s = s + 1, rows = rows + 1 WHERE key = 1',
      `DELETE FROM pending WHERE k = 2; INSERT INTO pending VALUES (NULL, NULL, 'x')`,
      'UPDATE touched SET imat_stays = NULL, key = NULL WHERE key = 2',
    ]) {
      await sandbox.sql(write);
      await expectAll(write);
      await foldAll(sandbox.imat);
      await expectAll(`${write}, folded`);
    }
  });

  test('alter, from each way of storing to each other', async () => {
    const before = await objects();
    const names = Object.keys(SHAPES) as (keyof typeof SHAPES)[];
    const typed = (name: keyof typeof SHAPES): string =>
      `SELECT q.country, q.top::numeric AS top, q.n::bigint AS n FROM (${SHAPES[name]}) AS q`;
    const [first = 'added', ...way] = throughEveryPair(names);
    await sandbox.imat.create('it', typed(first));
    const oid = await sandbox.value(`SELECT 'imat.it'::regclass::oid`);
    let from = first;
    for (const to of way) {
      await sandbox.imat.alter('it', typed(to));
      await sandbox.sql(`UPDATE sale SET amount = amount + 1 WHERE id % 3 = 0;
        UPDATE city SET country = 'k' || id % 3 WHERE id % 4 = 0`);
      await expectEqual(sandbox.db, 'imat.it', typed(to), `${from} to ${to}`);
      const { imats } = await sandbox.imat.status('it');
      await (imats[0]?.strategy === 'swap' ? sandbox.imat.swap('it') : sandbox.imat.fold('it'));
      await expectEqual(sandbox.db, 'imat.it', typed(to), `${from} to ${to}, stored anew`);
      from = to;
    }
    expect(await sandbox.value(`SELECT 'imat.it'::regclass::oid`)).toBe(oid);
    await sandbox.imat.revert('it');
    expect(await objects()).toEqual(before);
  });
});

describe.each(MAINTAINED)('created once: %s', (_name, definition) => {
  let without: unknown[];
  useCopies(async () =>
    fillModel(await withTables(await createPreparedDatabase()), async (model) => {
      without = await objects(model);
      await create(definition, 'it', model);
    }),
  );

  test('tables and columns that are renamed, schemas that they are moved to', async () => {
    await sandbox.sql(`ALTER TABLE sale RENAME TO trade; ALTER TABLE trade RENAME amount TO much;
      ALTER TABLE trade RENAME region TO area;
      CREATE SCHEMA other; ALTER TABLE city SET SCHEMA other`);
    const renamed = definition
      .replaceAll('public.sale', 'public.trade')
      .replaceAll('public.city', 'other.city')
      .replaceAll('amount', 'much')
      .replaceAll('region', 'area');
    await sandbox.sql('UPDATE trade SET much = much + 1 WHERE id % 4 = 0');
    await expectEqual(sandbox.db, 'imat.it', renamed);
    await sandbox.imat.fold('it');
    await sandbox.sql(`UPDATE trade SET area = 'far' WHERE id % 4 = 0`);
    await expectEqual(sandbox.db, 'imat.it', renamed);
    await sandbox.imat.repair('it');
    await sandbox.sql(`DELETE FROM trade WHERE id % 4 = 0; DELETE FROM other.city WHERE id = 2`);
    await expectEqual(sandbox.db, 'imat.it', renamed);
  });

  test('a reader needs SELECT on the view and nothing else', async () => {
    const asReader = await sandbox.session(reader);
    await sandbox.sql(
      `GRANT USAGE ON SCHEMA imat TO ${reader}; GRANT SELECT ON imat.it TO ${reader}`,
    );
    const read = 'SELECT * FROM imat.it ORDER BY country, n';
    for (const write of ['SELECT 1', ...WRITES, 'TRUNCATE city']) {
      await sandbox.sql(write);
      expect(await asReader.rows(read)).toEqual(await sandbox.rows(read));
    }
    const own = await sandbox.rows<{ name: string; kind: string }>(
      `SELECT oid::regclass::text AS name, relkind::text AS kind FROM pg_class
       WHERE relnamespace = 'imat_store'::regnamespace AND relkind IN ('r', 'v')`,
    );
    for (const { name } of own)
      await expect(asReader.rows(`SELECT FROM ${name} LIMIT 1`), name).rejects.toMatchObject({
        sqlstate: '42501',
      });
    const functions = await sandbox.rows<{ call: string }>(
      `SELECT 'imat_store.' || quote_ident(proname) || '(NULL)' AS call FROM pg_proc
       WHERE pronamespace = 'imat_store'::regnamespace AND proname ~ '^(fold|computed)'`,
    );
    expect(functions.length).toBeGreaterThan(1);
    for (const { call } of functions)
      await expect(asReader.rows(`SELECT ${call}`), call).rejects.toMatchObject({
        sqlstate: '42501',
      });
  });

  test('repair, whatever is gone', async () => {
    const objectsBefore = await objects();
    const oid = await sandbox.value(`SELECT 'imat.it'::regclass::oid`);
    await sandbox.sql(`GRANT SELECT ON imat.it TO ${reader};
      CREATE VIEW reads_it AS SELECT country, n FROM imat.it`);
    for (const damage of [
      'DELETE FROM imat_catalog.frontier',
      'ALTER TABLE sale DISABLE TRIGGER ALL; UPDATE sale SET amount = 2',
      `DROP FUNCTION imat_store.fold_it(boolean)`,
    ]) {
      await sandbox.sql(damage);
      const [repaired] = await sandbox.imat.repair('it');
      expect(repaired, damage).toMatchObject({ strategy: 'delta', error: null });
      expect(await sandbox.value(`SELECT 'imat.it'::regclass::oid`)).toBe(oid);
      await sandbox.sql('UPDATE sale SET amount = amount + 1');
      await expectEqual(sandbox.db, 'imat.it', definition, damage);
    }
    await sandbox.sql('DROP VIEW reads_it');
    expect(await objects()).toEqual(objectsBefore);
    const [state] = await sandbox.rows<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class
       WHERE relnamespace = 'imat_store'::regnamespace AND relname ~ '^state.?_it'`,
    );
    await sandbox.sql(`DROP TABLE ${state?.name} CASCADE`);
    expect(await sandbox.imat.repair('it')).toMatchObject([{ strategy: 'delta', error: null }]);
    expect(await objects()).toEqual(objectsBefore);
    await expectLives('it', definition);
  });

  test('a source that is dropped', async () => {
    await sandbox.sql('DROP TABLE sale CASCADE');
    await expect(sandbox.rows('SELECT * FROM imat.it')).rejects.toThrow();
    await sandbox.imat.revert('it');
    const left = without.filter((one) => !JSON.stringify(one).includes('sale'));
    expect(await objects()).toEqual(left);
  });

  test('an imat that reads it', async () => {
    const above = 'SELECT count(*) AS rows, sum(top) AS total FROM imat.it';
    await sandbox.imat.create('above', above);
    for (const write of WRITES) {
      await sandbox.sql(write);
      await expectEqual(
        sandbox.db,
        'imat.above',
        `SELECT count(*) AS rows, sum(top) AS total
        FROM (${definition}) AS q`,
      );
    }
    const { imats } = await sandbox.imat.status('above');
    await (imats[0]?.strategy === 'swap' ? sandbox.imat.swap('above') : sandbox.imat.fold('above'));
    await expectEqual(
      sandbox.db,
      'imat.above',
      `SELECT count(*) AS rows, sum(top) AS total
      FROM (${definition}) AS q`,
    );
    await expectImatError('has_dependents', () => sandbox.imat.revert('it'));
    await sandbox.imat.revert('above');
    await sandbox.imat.revert('it');
  });
});
