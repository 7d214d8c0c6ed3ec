/**
 * Who may do what: an owner without superuser rights (managed PostgreSQL), readers, writers,
 * strangers.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import {
  createRole,
  createSandbox,
  inSandbox,
  type Sandbox,
  type Session,
} from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS
SELECT region, sum(amount) AS total, count(*) AS n FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY sum(amount)) AS place FROM sales GROUP BY region;
CREATE UNIQUE INDEX ON ranks (region);`;
const SUMMARY =
  'SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region';
const RANKS = `${REBUILT}
  SELECT region, rank() OVER (ORDER BY sum(amount)) AS place FROM public.sales GROUP BY region`;

/** A database that `owner` owns, without superuser rights. */
async function ownedSandbox(): Promise<{ sandbox: Sandbox; owner: Session; ownerName: string }> {
  const sandbox = await createSandbox();
  const ownerName = await createRole(sandbox);
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`ALTER DATABASE ${database} OWNER TO ${ownerName}`);
  return { sandbox, owner: await sandbox.session(ownerName), ownerName };
}

describe('an owner who is no superuser', () => {
  let sandbox: Sandbox;
  let owner: Session;
  let ownerName: string;
  beforeAll(async () => {
    ({ sandbox, owner, ownerName } = await ownedSandbox());
    await owner.sql(SALES);
  });
  afterAll(async () => {
    await sandbox.sql(`DROP OWNED BY ${ownerName} CASCADE`);
    const database = await sandbox.value<string>('SELECT current_database()');
    await sandbox.sql(`ALTER DATABASE ${database} OWNER TO CURRENT_USER; DROP ROLE ${ownerName}`);
    await sandbox.drop();
  });

  test('runs every command: convert, fold, swap, verify, replace, doctor, revert', async () => {
    const before = await catalogListing(sandbox.db);
    expect(await owner.imat.convert('summary')).toMatchObject({ strategy: 'delta' });
    expect(await owner.imat.convert('ranks', { replace: true })).toMatchObject({
      strategy: 'swap',
    });
    await owner.imat.create('counted', 'SELECT count(*) AS n FROM sales', { freshness: '5s' });
    await owner.sql(
      `INSERT INTO sales VALUES (1000, 'new', 1), (1001, NULL, 2);
       UPDATE sales SET amount = amount + 1 WHERE id < 10;
       DELETE FROM sales WHERE region = 'r3'`,
    );
    for (const [relation, query] of [
      ['imat.summary', SUMMARY],
      ['imat.ranks', RANKS],
      ['public.ranks', RANKS],
    ] as const)
      await expectEqual(owner.db, relation, query);
    await foldAll(owner.imat);
    await owner.imat.swap('ranks');
    for (const [relation, query] of [
      ['imat.summary', SUMMARY],
      ['imat.ranks', RANKS],
      ['imat.counted', 'SELECT count(*) AS n FROM public.sales'],
    ] as const) {
      await expectEqual(owner.db, relation, query);
    }
    expect(
      (await owner.imat.verify()).results.map((result) => [result.name, result.equal]),
    ).toEqual([
      ['counted', true],
      ['ranks', true],
      ['summary', true],
    ]);
    expect((await owner.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
    expect((await owner.imat.list()).map((imat) => imat.state)).toEqual([
      'active',
      'active',
      'active',
    ]);
    for (const name of ['summary', 'ranks', 'counted']) await owner.imat.revert(name);
    // Only the data has changed.
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('swaps again and again while another session holds an old snapshot', async () => {
    await owner.imat.convert('ranks');
    const reader = await sandbox.session(ownerName);
    await reader.db.execute('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const seen = await reader.rows(`SELECT * FROM (${RANKS}) q ORDER BY region`);
    await owner.sql(`INSERT INTO sales VALUES (2000, 'another', 1)`);
    await owner.imat.swap('ranks');
    expect(await reader.rows('SELECT * FROM imat.ranks ORDER BY region')).toEqual(seen);
    await expectEqual(owner.db, 'imat.ranks', RANKS);
    await reader.db.execute('COMMIT');
    await owner.imat.swap('ranks');
    await owner.imat.revert('ranks');
  });
});

describe('readers', () => {
  let sandbox: Sandbox;
  const names: Record<'reader' | 'columns' | 'stranger' | 'writer' | 'all', string> = {
    reader: '',
    columns: '',
    stranger: '',
    writer: '',
    all: '',
  };
  const sessions = new Map<string, Session>();
  const as = (role: keyof typeof names): Session => {
    const session = sessions.get(role);
    if (session === undefined) throw new Error(`no session for ${role}`);
    return session;
  };
  beforeAll(async () => {
    sandbox = await createSandbox(SALES);
    for (const role of Object.keys(names) as (keyof typeof names)[]) {
      names[role] = await createRole(sandbox);
      sessions.set(role, await sandbox.session(names[role]));
    }
    // Hardened defaults, as hosters and auditors want them; and careless ones, which must not let
    // anybody in.
    await sandbox.sql(`ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
      ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO ${names.stranger};
      REVOKE ALL ON summary, ranks FROM ${names.stranger};
      GRANT SELECT ON summary, ranks TO ${names.reader};
      GRANT SELECT (region) ON summary, ranks TO ${names.columns};
      GRANT ALL ON summary, ranks TO ${names.all} WITH GRANT OPTION;
      GRANT INSERT, UPDATE, DELETE, TRUNCATE, SELECT ON sales TO ${names.writer}`);
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks', { replace: true });
    await sandbox.sql(`INSERT INTO sales VALUES (1000, 'new', 1)`);
  });
  afterAll(async () => {
    for (const name of ['ranks', 'summary']) await sandbox.imat.revert(name);
    for (const role of Object.values(names))
      await sandbox.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await sandbox.drop();
  });

  test.each(['imat.summary', 'imat.ranks', 'public.ranks'])(
    'who could read the materialized view can read %s, and nobody else',
    async (relation) => {
      const query = relation === 'imat.summary' ? SUMMARY : RANKS;
      const expected = await sandbox.rows(`SELECT * FROM (${query}) q ORDER BY 1`);
      for (const role of ['reader', 'all'] as const)
        expect(await as(role).rows(`SELECT * FROM ${relation} ORDER BY 1`)).toEqual(expected);
      expect(await as('columns').rows(`SELECT region FROM ${relation} ORDER BY 1`)).toEqual(
        expected.map(({ region }) => ({ region })),
      );
      await expect(as('columns').rows(`SELECT * FROM ${relation}`)).rejects.toMatchObject({
        sqlstate: '42501',
      });
      for (const role of ['stranger', 'writer'] as const)
        await expect(as(role).rows(`SELECT region FROM ${relation}`)).rejects.toMatchObject({
          sqlstate: '42501',
        });
    },
  );

  test('reading stays possible while a swap is under way and after it', async () => {
    await sandbox.imat.swap('ranks');
    expect(await as('reader').rows('SELECT * FROM imat.ranks ORDER BY 1')).toEqual(
      await sandbox.rows(`SELECT * FROM (${RANKS}) q ORDER BY 1`),
    );
  });

  test('a right to read can be passed on by who could pass it on', async () => {
    await as('all').sql(`GRANT SELECT ON imat.summary TO ${names.writer}`);
    expect(await as('writer').rows('SELECT * FROM imat.summary')).not.toEqual([]);
    await as('all').sql(`REVOKE SELECT ON imat.summary FROM ${names.writer}`);
  });

  test('a writer needs no right on what imat installs, and gets none', async () => {
    await as('writer').sql(
      `INSERT INTO sales VALUES (2000, 'w', 2);
       UPDATE sales SET amount = 3 WHERE id = 2000;
       DELETE FROM sales WHERE id = 2000;
       INSERT INTO sales VALUES (2001, 'w', 2)`,
    );
    await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
    for (const statement of [
      'SELECT * FROM imat_store.log_public_sales',
      'INSERT INTO imat_store.log_public_sales (weight) VALUES (1)',
      'DELETE FROM imat_store.state_summary',
      'SELECT * FROM imat_catalog.imat',
    ]) {
      await expect(as('writer').sql(statement)).rejects.toMatchObject({ sqlstate: '42501' });
    }
  });

  test('other grants on the materialized view let nobody write through the view', async () => {
    const statements = (relation: string): string[] => [
      `DELETE FROM ${relation}`,
      `UPDATE ${relation} SET region = 'x'`,
      `INSERT INTO ${relation} (region) VALUES ('x')`,
    ];
    for (const relation of ['imat.summary', 'imat.ranks', 'public.ranks']) {
      for (const statement of statements(relation))
        await expect(as('all').sql(statement)).rejects.toMatchObject({
          sqlstate: expect.stringMatching(/^(42501|55000)$/),
        });
    }
  });
});

describe('views that PostgreSQL would write through', () => {
  // One table below, nothing computed: PostgreSQL makes such views writable unless something stands
  // in the way.
  const cases = [
    {
      name: 'stored',
      query: 'SELECT region, sum(amount) AS total FROM sales GROUP BY region',
      freshness: 'manual',
    },
    { name: 'copied', query: 'SELECT id, region FROM sales', freshness: '5s' },
    {
      name: 'swapped',
      query: `SELECT id, region FROM sales WHERE region < 'r3'`,
      freshness: 'manual',
      strategy: 'swap',
    },
    {
      name: 'moment',
      query: `SELECT id, region FROM sales WHERE id < extract(epoch FROM now())`,
      freshness: 'live',
    },
  ] as const;
  test.each(cases)(
    '$name: not even its owner can write to it',
    async ({ name, query, ...options }) => {
      await inSandbox(`${SALES} CREATE MATERIALIZED VIEW ${name} AS ${query}`, async (sandbox) => {
        await sandbox.imat.convert(name, { ...options, replace: true });
        const rows = await sandbox.rows(`SELECT * FROM imat.${name} ORDER BY 1`);
        for (const relation of [`imat.${name}`, name]) {
          await expect(sandbox.sql(`DELETE FROM ${relation}`)).rejects.toMatchObject({
            sqlstate: '55000',
          });
          await expect(sandbox.sql(`UPDATE ${relation} SET region = 'x'`)).rejects.toMatchObject({
            sqlstate: '55000',
          });
          await expect(
            sandbox.sql(`INSERT INTO ${relation} (region) VALUES ('x')`),
          ).rejects.toMatchObject({ sqlstate: '55000' });
        }
        expect(await sandbox.rows(`SELECT * FROM imat.${name} ORDER BY 1`)).toEqual(rows);
        expect(await sandbox.value('SELECT count(*) FROM sales')).toBe('100');
      });
    },
  );
});

describe('without the rights that it takes', () => {
  let sandbox: Sandbox;
  let other: Session;
  let name: string;
  beforeAll(async () => {
    sandbox = await createSandbox(
      `${SALES} CREATE SCHEMA secret; CREATE MATERIALIZED VIEW secret.mv AS SELECT 1 AS one`,
    );
    name = await createRole(sandbox);
    other = await sandbox.session(name);
  });
  afterAll(async () => {
    await sandbox.sql(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
    await sandbox.drop();
  });

  test('convert says what is missing and leaves nothing', async () => {
    const database = await sandbox.value<string>('SELECT current_database()');
    const before = await catalogListing(sandbox.db);
    expect(
      await expectImatError('insufficient_privilege', () => other.imat.convert('summary')),
    ).toMatchObject({
      message: expect.stringContaining('permission denied for database'),
      hint: 'docs/rights.md lists what each role needs.',
    });
    // With a catalog of its own, the sources are the next thing that is not its own.
    await sandbox.sql(`GRANT CREATE ON DATABASE ${database} TO ${name}`);
    await expectImatError('insufficient_privilege', () => other.imat.convert('summary'));
    await sandbox.sql(`GRANT SELECT, TRIGGER ON sales TO ${name}`);
    await expectImatError('insufficient_privilege', () => other.imat.convert('summary'));
    await sandbox.sql(
      `REVOKE SELECT, TRIGGER ON sales FROM ${name};
       REVOKE CREATE ON DATABASE ${database} FROM ${name}`,
    );
    expect((await catalogListing(sandbox.db)).filter((line) => !line.includes('relacl'))).toEqual(
      before.filter((line) => !line.includes('relacl')),
    );
  });

  test('a schema that may not be looked into is a matter of rights, not of names', async () => {
    await expectImatError('insufficient_privilege', () => other.imat.convert('secret.mv'));
    await expectImatError('insufficient_privilege', () =>
      other.imat.create('x', 'SELECT * FROM secret.mv'),
    );
  });

  test('in another’s catalog nothing can be done, and each command says so', async () => {
    await sandbox.imat.convert('summary');
    for (const call of [
      () => other.imat.list(),
      () => other.imat.status('summary'),
      () => other.imat.fold('summary'),
      () => other.imat.verify('summary'),
      () => other.imat.revert('summary'),
      () => other.imat.convert('summary', { name: 'mine' }),
      () => other.imat.grant(),
      () => other.imat.grantMonitor(name),
    ]) {
      await expectImatError('insufficient_privilege', call);
    }
    expect((await other.imat.doctor()).checks).toContainEqual({
      check: 'catalog',
      status: 'error',
      message: expect.stringContaining('may not read'),
      hint: expect.stringContaining('Run it as'),
    });
    await sandbox.imat.revert('summary');
  });
});
