/**
 * What a user may name, and what convert does with names: schemas, quotes, clashes, what is not
 * there or not a materialized view.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createSandbox, inPreparedSandbox, inSandbox, type Sandbox } from './support/sandbox.ts';

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS SELECT region, sum(amount) AS total FROM sales GROUP BY region;
CREATE SCHEMA other;
CREATE MATERIALIZED VIEW other.summary AS
SELECT region, count(*) AS n FROM public.sales GROUP BY region;`;

const HOSTILE = [
  `My "View"`,
  `semi; DROP TABLE sales; --`,
  `it's back\\slash`,
  `$imat$ $1 %s %I`,
  `Größe 📈`,
  `select`,
  `a.b`,
  ` lead`,
  `tab\tand\nline`,
  `-- /* */`,
  'x'.repeat(63),
  'ü'.repeat(31),
] as const;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

describe('names', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox(SALES);
  });
  afterEach(() => sandbox.revertAll());
  afterAll(() => sandbox.drop());

  test.each(['summary', 'public.summary', '"public"."summary"', ' SUMMARY '])(
    'a materialized view is found as %j',
    async (name) => {
      expect(await sandbox.imat.convert(name)).toMatchObject({
        name: 'summary',
        relation: 'imat.summary',
      });
      await expectEqual(
        sandbox.db,
        'imat.summary',
        'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region',
      );
      expect(await sandbox.imat.revert('imat.summary')).toEqual({
        name: 'summary',
        original: 'public.summary',
      });
    },
  );

  test('two of the same name in two schemas: the second needs a name of its own', async () => {
    await sandbox.imat.convert('summary');
    const clash = await expectImatError('already_exists', () =>
      sandbox.imat.convert('other.summary'),
    );
    expect(clash).toMatchObject({
      message: 'imat "summary" already exists',
      hint: expect.stringContaining('--name'),
    });
    expect(await sandbox.imat.convert('other.summary', { name: 'other_summary' })).toMatchObject({
      name: 'other_summary',
      relation: 'imat.other_summary',
    });
    await sandbox.sql(`INSERT INTO sales VALUES (1000, 'r1', 5)`);
    await expectEqual(
      sandbox.db,
      'imat.summary',
      'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region',
    );
    await expectEqual(
      sandbox.db,
      'imat.other_summary',
      'SELECT region, count(*) AS n FROM public.sales GROUP BY region',
    );
    expect((await sandbox.imat.list()).map(({ name, original }) => [name, original])).toEqual([
      ['other_summary', 'other.summary'],
      ['summary', 'public.summary'],
    ]);
    await sandbox.imat.revert('summary');
    expect(await sandbox.imat.revert('imat.other_summary')).toEqual({
      name: 'other_summary',
      original: 'other.summary',
    });
  });

  test('converted already: refused, and the imat that is there goes on', async () => {
    await sandbox.imat.convert('summary');
    await expectImatError('already_exists', () => sandbox.imat.convert('summary'));
    await expectImatError('already_exists', () =>
      sandbox.imat.convert('summary', { dryRun: true }),
    );
    await sandbox.sql(`DELETE FROM sales WHERE id = 1000`);
    await expectEqual(
      sandbox.db,
      'imat.summary',
      'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region',
    );
    await sandbox.imat.revert('summary');
  });

  test.each([
    ['sumary', 'materialized view "sumary" does not exist', 'Did you mean summary?'],
    [
      'other.sumary',
      'materialized view "other.sumary" does not exist',
      'Did you mean other.summary?',
    ],
    [
      'nowhere.summary',
      'materialized view "nowhere.summary" does not exist',
      /Did you mean (?:other\.)?summary\?/,
    ],
    [
      'entirely_else',
      'materialized view "entirely_else" does not exist',
      'Known here: other.summary, summary.',
    ],
  ])('an unknown name, %s, comes with a suggestion', async (name, message, hint) => {
    const error = await expectImatError('not_found', () => sandbox.imat.convert(name));
    expect(error.message).toBe(message);
    expect(error.hint).toMatch(hint);
  });

  test.each([
    ['sales', 'a table'],
    ['sales_pkey', 'an index'],
    ['plain', 'a view'],
    ['numbers', 'a sequence'],
    ['pair', 'a type'],
  ])('%s is %s, not a materialized view', async (name, kind) => {
    await sandbox.sql(
      `CREATE OR REPLACE VIEW plain AS SELECT 1 AS one;
       CREATE SEQUENCE IF NOT EXISTS numbers;
       DROP TYPE IF EXISTS pair;
       CREATE TYPE pair AS (a int, b int)`,
    );
    const error = await expectImatError('not_a_materialized_view', () =>
      sandbox.imat.convert(name),
    );
    expect(error.message).toBe(`"${name}" is ${kind}, not a materialized view`);
  });

  test('what cannot be a relation name says so', async () => {
    for (const name of ['', '"unclosed', 'a.b.c', 'a.b.c.d', 'a..b', 'a b', '1259'])
      await expectImatError('invalid_argument', () => sandbox.imat.convert(name));
  });

  test.each(['', 'x'.repeat(64), 'ü'.repeat(32), 'a\0b'])(
    '%j cannot be the name of an imat',
    async (name) => {
      await expectImatError('invalid_argument', () => sandbox.imat.convert('summary', { name }));
      await expectImatError('invalid_argument', () => sandbox.imat.create(name, 'SELECT 1 AS one'));
    },
  );

  test('an imat that is not there comes with a suggestion', async () => {
    await sandbox.imat.init();
    for (const call of [
      () => sandbox.imat.fold('nix'),
      () => sandbox.imat.swap('nix'),
      () => sandbox.imat.verify('nix'),
      () => sandbox.imat.status('nix'),
      () => sandbox.imat.revert('nix'),
    ]) {
      expect(await expectImatError('not_found', call)).toMatchObject({
        message: 'imat "nix" does not exist',
        hint: 'There is no imat in this database.',
      });
    }
    await sandbox.imat.convert('summary');
    expect((await expectImatError('not_found', () => sandbox.imat.fold('sumary'))).hint).toBe(
      'Did you mean summary?',
    );
    await sandbox.imat.revert('summary');
  });

  test('a materialized view leads to its imat of another name', async () => {
    await sandbox.imat.convert('summary', { name: 'one' });
    await sandbox.imat.convert('summary', { name: 'two words' });
    await sandbox.imat.convert('other.summary', { name: 'third', replace: true });
    const refused = async (name: string) =>
      expectImatError('not_found', () => sandbox.imat.revert(name));
    expect(await refused('public.summary')).toMatchObject({
      message: 'imat "public.summary" does not exist',
      detail:
        'The materialized view of this name was converted as imat "one" and imat "two words".',
      hint: "Write one or 'two words'.",
    });
    expect(await refused('other.summary')).toMatchObject({ hint: 'Write third.' });
    expect((await refused('summary')).hint).toBe("Write one or third or 'two words'.");
    for (const name of ['one', 'two words', 'third']) await sandbox.imat.revert(name);
  });

  test('an imat, and a view in a materialized view’s place, are imats already', async () => {
    await sandbox.imat.convert('summary', { replace: true });
    for (const view of ['summary', 'imat.summary']) {
      expect(
        await expectImatError('already_exists', () => sandbox.imat.convert(view)),
      ).toMatchObject({
        message: 'imat "summary" already exists',
        hint: expect.stringContaining('Another --freshness changes it in place'),
      });
      expect(
        await expectImatError('already_exists', () =>
          sandbox.imat.convert(view, { name: 'other' }),
        ),
      ).toMatchObject({
        message: expect.stringContaining('is already an imat ("summary")'),
      });
    }
    await sandbox.imat.revert('summary');
  });

  test('either changes its freshness, and the view in the place stays', async () => {
    await sandbox.imat.convert('summary', { name: 'it' });
    await sandbox.imat.convert('imat.it', { replace: true });
    const steps = [
      ['summary', 'manual'],
      ['imat.it', '5s'],
      ['public.summary', 'live'],
    ] as const;
    for (const [view, wanted] of steps) {
      await sandbox.imat.convert(view, { freshness: wanted });
      const [imat] = (await sandbox.imat.status('it')).imats;
      expect(imat).toMatchObject({ freshness: wanted, original: 'public.summary_before_imat' });
    }
    await sandbox.imat.revert('it');
  });
});

test('another relation of that name in schema imat is in the way, and is left alone', async () => {
  await inSandbox(
    `${SALES} CREATE SCHEMA imat; CREATE TABLE imat.summary (mine int); ` +
      "CREATE FUNCTION imat.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    async (sandbox) => {
      const before = await catalogListing(sandbox.db);
      expect(
        await expectImatError('already_exists', () => sandbox.imat.convert('summary')),
      ).toMatchObject({
        message: 'relation imat.summary already exists and is not an imat',
        hint: expect.stringContaining('--name'),
      });
      await expectImatError('already_exists', () =>
        sandbox.imat.convert('summary', { dryRun: true }),
      );
      await sandbox.imat.convert('summary', { name: 'fine' });
      await expectEqual(
        sandbox.db,
        'imat.fine',
        'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region',
      );
      await sandbox.imat.revert('fine');
      // The schema was there before imat: it, its rights and what is in it stay.
      expect(
        (await catalogListing(sandbox.db)).filter(
          (line) => !line.includes('imat_catalog') && !line.includes('imat_store'),
        ),
      ).toEqual(
        expect.arrayContaining(
          before.filter((line) => line.startsWith('pg_namespace') || line.includes('"mine"')),
        ),
      );
      expect(await sandbox.value('SELECT imat.mine()')).toBe(1);
    },
  );
});

test('a schema imat_store that is not imat’s is in the way, and nothing is left', async () => {
  await inSandbox(`${SALES} CREATE SCHEMA imat_store`, async (sandbox) => {
    const before = await catalogListing(sandbox.db);
    expect(
      await expectImatError('already_exists', () => sandbox.imat.convert('summary')),
    ).toMatchObject({
      message: 'schema "imat_store" already exists',
    });
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});

test('an empty schema imat that was there before stays as it was', async () => {
  await inSandbox(
    `${SALES} CREATE SCHEMA imat; COMMENT ON SCHEMA imat IS 'mine'`,
    async (sandbox) => {
      const before = await catalogListing(sandbox.db);
      await sandbox.imat.convert('summary');
      await sandbox.imat.revert('summary');
      expect(await catalogListing(sandbox.db)).toEqual(before);
    },
  );
});

describe('hostile names', () => {
  test.each(HOSTILE.map((name) => [name]))(
    '%j as the name of everything: schema, table, columns, view, index',
    async (name) => {
      const cut = name.length > 40 ? name.slice(0, 40) : name;
      const [schema, table, key, value] = [name, cut, `k${cut.slice(1)}`, `v${cut.slice(1)}`].map(
        quote,
      );
      const definition = `SELECT q.${key}, sum(q.${value}) AS ${value},
          count(*) FILTER (WHERE q.${key} <> 'x') AS "count""s"
        FROM ${schema}.${table} AS q
        GROUP BY q.${key}`;
      const original = `${schema}.${quote(`${[...name].slice(0, 30).join('')}_`)}`;
      const setup = `CREATE SCHEMA ${schema};
        CREATE TABLE ${schema}.${table} (${key} text, ${value} int, noise int);
        INSERT INTO ${schema}.${table} SELECT 'k' || i % 3, i FROM generate_series(1, 20) i;
        CREATE MATERIALIZED VIEW ${original} AS ${definition};
        CREATE INDEX ${quote(`${cut}i`)} ON ${original} (${key}, ${value});
        COMMENT ON MATERIALIZED VIEW ${original} IS '${name.replaceAll("'", "''")}'`;
      await inPreparedSandbox(`SET standard_conforming_strings = on; ${setup}`, async (sandbox) => {
        const before = await catalogListing(sandbox.db, { truncated: true });
        const relation = `imat.${quote(name)}`;
        expect(await sandbox.imat.convert(original, { name })).toMatchObject({
          name,
          strategy: 'delta',
          relation: await sandbox.value(
            `SELECT 'imat.' || quote_ident('${name.replaceAll("'", "''")}')`,
          ),
        });
        const change = `INSERT INTO ${schema}.${table} VALUES ('new', 7), (NULL, 3);
          UPDATE ${schema}.${table} SET ${value} = ${value} + 1 WHERE ${key} = 'k1';
          DELETE FROM ${schema}.${table} WHERE ${key} = 'k2'`;
        await sandbox.sql(change);
        await expectEqual(sandbox.db, relation, definition);
        expect(await sandbox.imat.fold(name)).toMatchObject([{ name, rows: expect.any(Number) }]);
        await expectEqual(sandbox.db, relation, definition);
        await sandbox.sql(`TRUNCATE ${schema}.${table}; ${change}`);
        await expectEqual(sandbox.db, relation, definition);
        expect((await sandbox.imat.verify(name)).results).toMatchObject([{ name, equal: true }]);
        expect((await sandbox.imat.status(name)).imats).toMatchObject([
          {
            name,
            state: 'active',
            relation: await sandbox.value(
              `SELECT 'imat.' || quote_ident('${name.replaceAll("'", "''")}')`,
            ),
          },
        ]);
        expect((await sandbox.imat.explain(name)).name).toBe(name);
        expect(
          (await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok'),
        ).toEqual([]);
        await sandbox.imat.convert(original, { name: 'swapped', strategy: 'swap', replace: true });
        await sandbox.sql(change);
        await expectEqual(sandbox.db, 'imat.swapped', definition);
        await expectEqual(sandbox.db, original, definition);
        await sandbox.imat.swap('swapped');
        await expectEqual(sandbox.db, 'imat.swapped', definition);
        await sandbox.imat.revert('swapped');
        await sandbox.imat.revert(
          await sandbox.value(`SELECT 'imat.' || quote_ident('${name.replaceAll("'", "''")}')`),
        );
        expect(await catalogListing(sandbox.db, { truncated: true })).toEqual(before);
      });
    },
  );
});

test('tables whose logs would have the same name get one each', async () => {
  const long = 'ü'.repeat(30);
  const setup = `CREATE SCHEMA a;
    CREATE SCHEMA a_b;
    CREATE TABLE a_b.c (x int);
    CREATE TABLE a.b_c (x int);
    CREATE SCHEMA ${long}; CREATE TABLE ${long}.${long} (x int); CREATE SCHEMA ${long}_${long}x; `;
  await inSandbox(setup.replace(`CREATE SCHEMA ${long}_${long}x; `, ''), async (sandbox) => {
    const before = await catalogListing(sandbox.db);
    const query = `SELECT p.x, count(*) AS n
      FROM a_b.c p JOIN a.b_c q ON p.x = q.x JOIN ${long}.${long} r ON r.x = q.x
      GROUP BY p.x`;
    await sandbox.imat.create('joined', query);
    await sandbox.sql(
      `INSERT INTO a.b_c VALUES (1), (1), (2);
       INSERT INTO a_b.c VALUES (1), (2);
       INSERT INTO ${long}.${long} VALUES (1), (2), (2)`,
    );
    await expectEqual(sandbox.db, 'imat.joined', query);
    await sandbox.imat.fold('joined');
    await expectEqual(sandbox.db, 'imat.joined', query);
    await sandbox.imat.revert('joined');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});
