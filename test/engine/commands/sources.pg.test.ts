/**
 * Sources that cannot be watched, or not yet: refused in a clear way, or swap with the reason said,
 * and never wrong under live.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createRole, createSandbox, inSandbox } from './support/sandbox.ts';
import type { Sandbox } from './support/sandbox.ts';

describe('refused, and nothing is installed', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox(`
      CREATE TABLE parted (id int, region text) PARTITION BY RANGE (id);
      CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
      CREATE TABLE part_2 PARTITION OF parted FOR VALUES FROM (100) TO (200) PARTITION BY LIST (region);
      CREATE TABLE parent (id int, region text); CREATE TABLE child () INHERITS (parent);
      CREATE TABLE plain (id int); CREATE VIEW over_parted AS SELECT id, region FROM parted`);
  });
  afterAll(() => sandbox.drop());

  test.each([
    ['a partitioned table', 'parted', 'is partitioned'],
    ['a partition', 'part_1', 'is a partition'],
    ['a partition that is partitioned', 'part_2', 'is partitioned'],
    ['a partitioned table below a view', 'over_parted', 'is partitioned'],
    ['a table with inheritance children', 'parent', 'is part of an inheritance hierarchy'],
    ['an inheritance child', 'child', 'is part of an inheritance hierarchy'],
  ])('%s', async (_what, table, problem) => {
    await sandbox.sql(
      `CREATE MATERIALIZED VIEW mv AS SELECT t.region, count(*) AS n FROM ${table} t JOIN plain p ON p.id = t.id GROUP BY t.region`,
    );
    const before = await catalogListing(sandbox.db);
    for (const options of [{}, { strategy: 'swap' }, { dryRun: true }] as const) {
      const error = await expectImatError('unsupported_source', () =>
        sandbox.imat.convert('mv', options),
      );
      expect(error.message).toMatch(/^source "public\.[a-z_0-9]+" /);
      expect(error.message).toContain(problem);
      expect(error.hint).toContain('Nothing was installed');
    }
    expect(await catalogListing(sandbox.db)).toEqual(before);
    await sandbox.sql('DROP MATERIALIZED VIEW mv');
  });
});

type Case = {
  readonly what: string;
  readonly setup: string;
  /** Under `search_path = pg_catalog`. */
  readonly definition: string;
  /** What is said: the kind of the reason, and a part of its message or of the note. */
  readonly reason: { readonly kind: string; readonly message: string };
  readonly note: string;
  /** Changes of the unwatchable source, and of the watchable one beside it. */
  readonly changes: readonly string[];
  readonly skip?: (sandbox: Sandbox) => Promise<string | null>;
};

const CASES: readonly Case[] = [
  {
    what: 'a materialized view as a source',
    setup:
      'CREATE TABLE base (id int); CREATE MATERIALIZED VIEW inner_mv AS SELECT count(*) AS n FROM base; CREATE TABLE plain (id int)',
    definition: 'SELECT m.n, p.id FROM public.inner_mv m JOIN public.plain p ON p.id >= m.n',
    reason: {
      kind: 'unwatchable_source',
      message: 'materialized view "public.inner_mv" changes without firing triggers',
    },
    note: 'materialized view "public.inner_mv" changes without firing triggers: a live read runs the definition',
    changes: [
      'INSERT INTO base VALUES (1), (2)',
      'REFRESH MATERIALIZED VIEW inner_mv',
      'INSERT INTO plain VALUES (1), (2), (3)',
      'TRUNCATE base; REFRESH MATERIALIZED VIEW inner_mv',
    ],
  },
  {
    what: 'an unlogged table',
    setup: 'CREATE UNLOGGED TABLE volatile (id int)',
    definition: 'SELECT count(*) AS n FROM public.volatile',
    reason: {
      kind: 'unwatchable_source',
      message: 'unlogged table "public.volatile" loses its rows in a crash without firing triggers',
    },
    note: 'a live read runs the definition',
    changes: [
      'INSERT INTO volatile VALUES (1)',
      'SET session_replication_role = replica; INSERT INTO volatile VALUES (1); RESET session_replication_role',
      'TRUNCATE volatile',
    ],
  },
  {
    what: 'a system catalog',
    setup: 'CREATE TABLE plain (id int)',
    definition: `SELECT count(*) AS n FROM pg_class c WHERE c.relname LIKE 'plain%'`,
    reason: {
      kind: 'unwatchable_source',
      message: 'system catalog "pg_catalog.pg_class" cannot have triggers',
    },
    note: 'a live read runs the definition',
    changes: ['CREATE TABLE plain_2 (id int)', 'DROP TABLE plain_2'],
  },
  {
    what: 'a system view',
    setup: 'CREATE TABLE plain (id int)',
    definition: `SELECT count(*) AS n FROM pg_tables t WHERE t.tablename LIKE 'plain%'`,
    reason: {
      kind: 'unwatchable_source',
      message: 'system catalog "pg_catalog.pg_class" cannot have triggers',
    },
    note: 'a live read runs the definition',
    changes: ['CREATE TABLE plain_2 (id int)', 'DROP TABLE plain_2'],
  },
  {
    what: 'the information schema',
    setup: 'CREATE TABLE plain (id int)',
    definition: `SELECT count(*) AS n FROM information_schema.columns c WHERE c.table_name LIKE 'plain%'`,
    reason: {
      kind: 'unwatchable_source',
      message: 'system catalog "pg_catalog.pg_attribute" cannot have triggers',
    },
    note: 'a live read runs the definition',
    changes: ['ALTER TABLE plain ADD COLUMN more int'],
  },
  {
    what: 'a foreign table',
    setup: `CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
      CREATE FOREIGN TABLE outside (id int) SERVER files OPTIONS (program 'seq 1 3')`,
    definition: 'SELECT count(*) AS n FROM public.outside',
    reason: {
      kind: 'unwatchable_source',
      message: 'foreign table "public.outside" can change on the other server without notice',
    },
    note: 'a live read runs the definition',
    changes: [`ALTER FOREIGN TABLE outside OPTIONS (SET program 'seq 1 7')`],
    skip: async (sandbox) =>
      (await sandbox.rows(`SELECT FROM pg_available_extensions WHERE name = 'file_fdw'`)).length ===
      1
        ? null
        : 'the server has no file_fdw',
  },
  {
    what: 'a table that a logical replication subscription fills',
    setup: `CREATE TABLE filled (id int); CREATE SUBSCRIPTION fills CONNECTION 'dbname=nowhere' PUBLICATION none WITH (connect = false);
      SET allow_system_table_mods = on; INSERT INTO pg_subscription_rel SELECT s.oid, 'filled'::regclass, 'r', NULL FROM pg_subscription s WHERE s.subname = 'fills'; RESET allow_system_table_mods`,
    definition: 'SELECT count(*) AS n FROM public.filled',
    reason: {
      kind: 'unwatchable_source',
      message:
        'table "public.filled" is filled by a logical replication subscription, which does not fire statement triggers',
    },
    note: 'a live read runs the definition',
    // A subscription's worker writes like this: only ALWAYS and REPLICA row triggers fire.
    changes: [
      'ALTER TABLE filled DISABLE TRIGGER ALL; INSERT INTO filled VALUES (1); ALTER TABLE filled ENABLE TRIGGER ALL',
      'DELETE FROM filled',
    ],
  },
  {
    what: 'a table with row security',
    setup: `CREATE TABLE secured (id int, owner text); ALTER TABLE secured ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON secured USING (owner = current_user)`,
    definition: 'SELECT owner, count(*) AS n FROM public.secured GROUP BY owner',
    reason: {
      kind: 'row_security',
      message:
        'table "public.secured" has row-level security, which capture cannot apply to changed rows',
    },
    note: 'a live read runs the definition while a source has changed',
    changes: [
      `INSERT INTO secured VALUES (1, 'a'), (2, 'postgres')`,
      `DELETE FROM secured WHERE owner = 'a'`,
    ],
  },
  {
    what: 'no source at all',
    setup: '',
    definition: 'SELECT 1 AS one',
    reason: { kind: 'no_source', message: 'reads no table' },
    note: 'a live read runs the definition while a source has changed',
    changes: ['SELECT 1'],
  },
  {
    what: 'a function that reads a table, which no dependency shows',
    setup: `CREATE TABLE hidden (id int); CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.hidden'; CREATE TABLE plain (id int)`,
    definition: 'SELECT count(*) AS n, public.total() AS t FROM public.plain',
    reason: {
      kind: 'moment_dependent',
      message: '"total" can give another result although no table has changed',
    },
    note: 'the answer can change although no table does: a live read runs the definition',
    changes: ['INSERT INTO hidden VALUES (1)', 'INSERT INTO plain VALUES (1)'],
  },
  {
    what: 'the time',
    setup: `CREATE TABLE events (at timestamptz); INSERT INTO events VALUES (now() + interval '300 milliseconds'), (now() - interval '1 hour')`,
    definition: 'SELECT count(*) AS n FROM public.events WHERE at < now()',
    reason: {
      kind: 'moment_dependent',
      message: '"now" can give another result although no table has changed',
    },
    note: 'the answer can change although no table does',
    changes: ['SELECT pg_sleep(0.4)', `INSERT INTO events VALUES (now())`],
  },
  {
    what: 'session settings',
    setup: `CREATE TABLE events (at timestamptz); INSERT INTO events VALUES ('2026-01-01 23:30Z'), ('2026-01-02 00:30Z')`,
    definition: `SELECT date_trunc('day', at) AS day, count(*) AS n FROM public.events GROUP BY 1`,
    reason: {
      kind: 'settings_dependent',
      message: 'the result of "date_trunc" depends on session settings',
    },
    note: 'a live read runs the definition while a source has changed',
    changes: [
      `SET TimeZone = 'Asia/Tokyo'`,
      `INSERT INTO events VALUES ('2026-01-02 01:00Z')`,
      `SET TimeZone = 'UTC'`,
      `SET TimeZone = 'America/New_York'`,
    ],
  },
];

describe('swap, with the reason said; under live never wrong', () => {
  test.each(CASES.map((one) => [one.what, one] as const))(
    '%s',
    async (_what, { setup, definition, reason, note, changes, skip }) => {
      await inSandbox('', async (sandbox) => {
        const missing = (await skip?.(sandbox)) ?? null;
        if (missing !== null) return console.warn(`not tested: ${missing}`);
        await sandbox.sql(setup);
        await sandbox.sql(
          `SET search_path = pg_catalog; CREATE MATERIALIZED VIEW public.mv AS ${definition}`,
        );
        const before = await catalogListing(sandbox.db, { truncated: true });
        const result = await sandbox.imat.convert('mv');
        expect(result.strategy).toBe('swap');
        expect(result.reasons).toContainEqual(
          expect.objectContaining({
            kind: reason.kind,
            message: expect.stringContaining(reason.message),
          }),
        );
        expect(result.notes).toContainEqual(expect.stringContaining(note));
        expect(
          (
            await expectImatError('strategy_unavailable', () =>
              sandbox.imat.convert('mv', { name: 'other', strategy: 'delta' }),
            )
          ).detail?.toLowerCase(),
        ).toContain(reason.message.toLowerCase());
        await expectEqual(sandbox.db, 'imat.mv', definition, 'after convert');
        for (const change of changes) {
          await sandbox.sql(change);
          await expectEqual(sandbox.db, 'imat.mv', definition, change);
          await sandbox.imat.swap('mv');
          await expectEqual(sandbox.db, 'imat.mv', definition, `${change}, then swap`);
        }
        await sandbox.imat.revert('mv');
        // The changes may be of the catalog themselves: only what they leave the same is compared.
        if (changes.every((change) => !/CREATE|DROP|ALTER|TRUNCATE|REFRESH/.test(change)))
          expect(await catalogListing(sandbox.db, { truncated: true })).toEqual(before);
        await sandbox.sql(
          `DROP MATERIALIZED VIEW mv; DO $$ BEGIN IF EXISTS (SELECT FROM pg_subscription WHERE subname = 'fills' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN EXECUTE 'ALTER SUBSCRIPTION fills SET (slot_name = NONE)'; EXECUTE 'DROP SUBSCRIPTION fills'; END IF; END $$`,
        );
      });
    },
  );
});

test('row security: a reader under a policy sees what the owner’s definition gives, as with the materialized view', async () => {
  await inSandbox(
    CASES.find((one) => one.what.includes('row security'))?.setup ?? '',
    async (sandbox) => {
      await sandbox.sql(
        `INSERT INTO secured VALUES (1, 'a'), (2, 'b'); CREATE MATERIALIZED VIEW mv AS SELECT owner, count(*) AS n FROM secured GROUP BY owner; GRANT SELECT ON mv TO PUBLIC`,
      );
      await sandbox.imat.convert('mv');
      await sandbox.sql(`INSERT INTO secured VALUES (3, 'c')`);
      await sandbox.sql(`CREATE ROLE reader_of_secured; SET ROLE reader_of_secured`);
      expect(await sandbox.rows('SELECT owner FROM imat.mv ORDER BY 1')).toEqual([
        { owner: 'a' },
        { owner: 'b' },
        { owner: 'c' },
      ]);
      await sandbox.sql('RESET ROLE; DROP ROLE reader_of_secured');
    },
  );
});

test('row security that applies to the owner may depend on anything: settings, other tables', async () => {
  await inSandbox('', async (sandbox) => {
    const role = await createRole(sandbox);
    const database = await sandbox.value<string>('SELECT current_database()');
    await sandbox.sql(`ALTER DATABASE ${database} OWNER TO ${role}`);
    const owner = await sandbox.session(role);
    await owner.sql(`CREATE TABLE allowed (tenant text); INSERT INTO allowed VALUES ('a'); CREATE TABLE secured (id int, tenant text); INSERT INTO secured VALUES (1, 'a'), (2, 'b'), (3, 'c');
      ALTER TABLE secured ENABLE ROW LEVEL SECURITY; ALTER TABLE secured FORCE ROW LEVEL SECURITY;
      CREATE POLICY tenants ON secured USING (tenant IN (SELECT tenant FROM allowed) OR tenant = current_setting('app.tenant', true));
      CREATE MATERIALIZED VIEW mv AS SELECT tenant, count(*) AS n FROM secured GROUP BY tenant`);
    expect(await owner.imat.convert('mv')).toMatchObject({
      strategy: 'swap',
      notes: [expect.stringContaining('a live read runs the definition')],
      reasons: [{ kind: 'row_security' }],
    });
    for (const change of [
      `INSERT INTO allowed VALUES ('b')`,
      `SET app.tenant = 'c'`,
      'DELETE FROM allowed',
      'RESET app.tenant',
    ]) {
      await owner.sql(change);
      await expectEqual(
        owner.db,
        'imat.mv',
        'SELECT tenant, count(*) AS n FROM public.secured GROUP BY tenant',
        change,
      );
    }
    await sandbox.sql(
      `ALTER DATABASE ${database} OWNER TO CURRENT_USER; DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`,
    );
  });
});

test('a source that becomes unwatchable afterwards is named by doctor', async () => {
  await inSandbox(
    'CREATE TABLE plain (id int); CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM plain',
    async (sandbox) => {
      await sandbox.imat.convert('mv');
      await sandbox.sql('ALTER TABLE plain SET UNLOGGED');
      expect((await sandbox.imat.doctor()).checks).toContainEqual(
        expect.objectContaining({
          check: 'imat mv',
          status: 'error',
          message: expect.stringContaining('unlogged'),
        }),
      );
    },
  );
});

test('ordinary views as sources are followed to their tables', async () => {
  const setup = `CREATE TABLE a (id int, x int); CREATE VIEW v1 AS SELECT id, x * 2 AS y FROM a WHERE x > 0; CREATE VIEW v2 AS SELECT y, count(*) AS n FROM v1 GROUP BY y;
    CREATE MATERIALIZED VIEW flat AS SELECT y, sum(id) AS s FROM v1 GROUP BY y; CREATE MATERIALIZED VIEW deep AS SELECT max(n) AS top FROM v2`;
  await inSandbox(setup, async (sandbox) => {
    expect(await sandbox.imat.convert('flat')).toMatchObject({ strategy: 'delta' });
    expect(await sandbox.imat.convert('deep')).toMatchObject({ strategy: 'swap' });
    for (const change of [
      'INSERT INTO a VALUES (1, 1), (2, 1), (3, -1)',
      'UPDATE a SET x = -x',
      'DELETE FROM a WHERE x < 0',
      'TRUNCATE a',
    ]) {
      await sandbox.sql(change);
      await expectEqual(
        sandbox.db,
        'imat.flat',
        'SELECT y, sum(id) AS s FROM public.v1 GROUP BY y',
        change,
      );
      await expectEqual(sandbox.db, 'imat.deep', 'SELECT max(n) AS top FROM public.v2', change);
    }
    expect((await sandbox.imat.status()).imats.map((imat) => imat.sources)).toEqual([
      ['public.a'],
      ['public.a'],
    ]);
  });
});
