/**
 * Sources that cannot be watched: refused in a clear way, or swap with the reason said,
 * and never wrong under live.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { CASES } from './support/source-cases.ts';
import {
  createRole,
  createPreparedSandbox,
  inPreparedSandbox,
  inSandbox,
} from './support/sandbox.ts';
import type { Sandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

describe('refused, and nothing is installed', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createPreparedSandbox(`
      CREATE TABLE parted (id int, region text) PARTITION BY RANGE (id);
      CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
      CREATE TABLE part_2 PARTITION OF parted FOR VALUES
      FROM (100) TO (200) PARTITION BY LIST (region);
      CREATE TABLE parent (id int, region text); CREATE TABLE child () INHERITS (parent);
      CREATE TABLE plain (id int); CREATE VIEW over_part AS SELECT id, region FROM part_1;
      CREATE EXTENSION postgres_fdw;
      CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
      CREATE TABLE top (id int, region text);
      CREATE FOREIGN TABLE below () INHERITS (top) SERVER elsewhere;
      CREATE TABLE mixed (id int, region text) PARTITION BY RANGE (id);
      CREATE FOREIGN TABLE far PARTITION OF mixed FOR VALUES FROM (0) TO (100) SERVER elsewhere`);
  });
  afterAll(() => sandbox.drop());

  test.each([
    ['a partition', 'part_1', 'is a partition'],
    ['a partition that is partitioned', 'part_2', 'is a partition'],
    ['a partition below a view', 'over_part', 'is a partition'],
    ['a partitioned table with a foreign partition', 'mixed', 'far, which is foreign'],
    ['a table from which a foreign one inherits', 'top', 'below, which is foreign'],
    ['a table that inherits', 'child', 'is a table that inherits from another'],
  ])('%s', async (_what, table, problem) => {
    await sandbox.sql(
      `CREATE MATERIALIZED VIEW mv AS
       SELECT t.region, count(*) AS n
       FROM ${table} t JOIN plain p ON p.id = t.id
       GROUP BY t.region WITH NO DATA`,
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

describe('swap, with the reason said; under live never wrong', () => {
  test.each(CASES.map((one) => [one.what, one] as const))(
    '%s',
    async (_what, { setup, definition, reason, note, changes, skip }) => {
      await inPreparedSandbox('', async (sandbox) => {
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
          `DROP MATERIALIZED VIEW mv;
           DO $$
             BEGIN
               IF EXISTS (
                 SELECT
                 FROM pg_subscription
                 WHERE subname = 'fills'
                   AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
               ) THEN
                 EXECUTE 'ALTER SUBSCRIPTION fills SET (slot_name = NONE)';
                 EXECUTE 'DROP SUBSCRIPTION fills';
               END IF;
             END
           $$`,
        );
      });
    },
  );
});

describe('row security that applies to no role of the imat', () => {
  const SECURED = `CREATE TABLE secured (id int, owner text);
    ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON secured USING (owner = current_user);
    INSERT INTO secured VALUES (1, 'a'), (2, 'b');
    CREATE VIEW shown AS SELECT id, owner FROM secured;
    CREATE MATERIALIZED VIEW mv AS SELECT owner, count(*) AS n FROM shown GROUP BY owner;
    GRANT SELECT ON mv TO PUBLIC`;
  const MV = 'SELECT owner, count(*) AS n FROM public.shown GROUP BY owner';

  test('what writers under the policy change is maintained, and readers see all rows', async () => {
    await inPreparedSandbox(SECURED, async (sandbox) => {
      expect(await sandbox.imat.convert('mv')).toMatchObject({ strategy: 'delta', reasons: [] });
      const role = await createRole(sandbox);
      await sandbox.sql(`GRANT INSERT, UPDATE, DELETE, TRUNCATE, SELECT ON secured TO ${role};
        INSERT INTO secured VALUES (3, '${role}'), (4, '${role}')`);
      const writer = await sandbox.session(role);
      for (const change of [
        `INSERT INTO secured VALUES (5, current_user)`,
        'UPDATE secured SET id = 9 WHERE id = 3',
        'DELETE FROM secured',
        'TRUNCATE secured',
        `INSERT INTO secured VALUES (6, current_user)`,
      ]) {
        await writer.sql(change);
        await expectEqual(sandbox.db, 'imat.mv', MV, change);
        const here = await sandbox.rows('SELECT owner, n::int FROM imat.mv ORDER BY 1');
        expect(await writer.rows('SELECT owner, n::int FROM imat.mv ORDER BY 1')).toEqual(here);
        await sandbox.imat.fold('mv');
        await expectEqual(sandbox.db, 'imat.mv', MV, `${change}, then fold`);
      }
      expect(await writer.rows('SELECT owner, n::int FROM imat.mv')).toHaveLength(1);
      await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    });
  });

  test('a view on the way that another role comes to own breaks the imat', async () => {
    await inPreparedSandbox(SECURED, async (sandbox) => {
      await sandbox.imat.convert('mv');
      await sandbox.sql('ALTER VIEW shown OWNER TO pg_read_all_data');
      await expect(sandbox.rows('SELECT * FROM imat.mv')).rejects.toMatchObject({
        sqlstate: 'IM024',
      });
      const [repaired] = await sandbox.imat.repair('mv');
      expect(repaired).toMatchObject({ strategy: 'swap', error: null });
      await expectEqual(sandbox.db, 'imat.mv', MV, 'after repair');
    });
  });
});

test('row security that applies to the owner may depend on anything', async () => {
  await inSandbox('', async (sandbox) => {
    const role = await createRole(sandbox);
    const database = await sandbox.value<string>('SELECT current_database()');
    await sandbox.sql(`ALTER DATABASE ${database} OWNER TO ${role}`);
    const owner = await sandbox.session(role);
    await owner.sql(`CREATE TABLE allowed (tenant text);
      INSERT INTO allowed VALUES ('a');
      CREATE TABLE secured (id int, tenant text);
      INSERT INTO secured VALUES (1, 'a'), (2, 'b'), (3, 'c');
      ALTER TABLE secured ENABLE ROW LEVEL SECURITY; ALTER TABLE secured FORCE ROW LEVEL SECURITY;
      CREATE POLICY tenants ON secured USING (
        tenant IN (SELECT tenant FROM allowed) OR tenant = current_setting('app.tenant', true)
      );
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
      `ALTER DATABASE ${database} OWNER TO CURRENT_USER;
       DROP OWNED BY ${role} CASCADE;
       DROP ROLE ${role}`,
    );
  });
});

test('a source that becomes unwatchable afterwards is named by doctor', async () => {
  await inPreparedSandbox(
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
  const setup = `CREATE TABLE a (id int, x int);
    CREATE VIEW v1 AS SELECT id, x * 2 AS y FROM a WHERE x > 0;
    CREATE VIEW v2 AS SELECT y, count(*) AS n FROM v1 GROUP BY y;
    CREATE MATERIALIZED VIEW flat AS SELECT y, sum(id) AS s FROM v1 GROUP BY y;
    CREATE MATERIALIZED VIEW deep AS SELECT max(n) AS top FROM v2;
    CREATE MATERIALIZED VIEW rebuilt AS ${REBUILT} SELECT y FROM v1`;
  await inPreparedSandbox(setup, async (sandbox) => {
    expect(await sandbox.imat.convert('flat')).toMatchObject({ strategy: 'delta' });
    expect(await sandbox.imat.convert('deep')).toMatchObject({ strategy: 'delta' });
    expect(await sandbox.imat.convert('rebuilt')).toMatchObject({ strategy: 'swap' });
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
      await expectEqual(sandbox.db, 'imat.rebuilt', 'SELECT y FROM public.v1', change);
    }
    expect((await sandbox.imat.status()).imats.map((imat) => imat.sources)).toEqual([
      ['public.a'],
      ['public.a'],
      ['public.a'],
    ]);
  });
});
