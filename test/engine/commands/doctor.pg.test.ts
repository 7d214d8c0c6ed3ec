/** What doctor finds, with its hint. */
import { expect, test } from 'vitest';
import type { DoctorCheck } from '../../../engine/environment-api.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { expectImatError } from './support/expect-imat-error.ts';
import { expectEqual } from './support/oracle.ts';
import { createRole, inSandbox } from './support/sandbox.ts';
import type { Sandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMMARY = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales;`;

async function troubles(sandbox: Sandbox): Promise<DoctorCheck[]> {
  const { checks } = await sandbox.imat.doctor();
  // Whatever is wrong comes with what to do.
  for (const check of checks)
    expect(check.hint === null, check.message).toBe(check.status === 'ok');
  return checks.filter((check) => check.status !== 'ok');
}

test('a healthy database, before, with and after imats', async () => {
  await inSandbox(SALES, async (sandbox) => {
    expect(
      (await sandbox.imat.doctor()).checks.map(({ check, status }) => [check, status]),
    ).toEqual([
      ['server', 'ok'],
      ['rights', 'ok'],
      ['catalog', 'ok'],
    ]);
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks', { freshness: '1 minute' });
    expect((await sandbox.imat.doctor()).checks).toEqual([
      {
        check: 'server',
        status: 'ok',
        message: expect.stringMatching(/^PostgreSQL \d+/),
        hint: null,
      },
      {
        check: 'extension',
        status: 'ok',
        message: expect.stringContaining('table_change_tracker'),
        hint: null,
      },
      {
        check: 'catalog',
        status: 'ok',
        message: expect.stringMatching(/^version \d+$/),
        hint: null,
      },
      { check: 'rights', status: 'ok', message: expect.any(String), hint: null },
      { check: 'imat ranks', status: 'ok', message: 'swap, 0 rows pending', hint: null },
      { check: 'imat summary', status: 'ok', message: 'delta, 0 rows pending', hint: null },
      {
        check: 'source public.sales',
        status: 'ok',
        message: WITH_EXTENSION ? 'captured by the extension, tracked' : 'captured',
        hint: null,
      },
    ]);
    await sandbox.imat.revert('summary');
    await sandbox.imat.revert('ranks');
    expect(
      (await sandbox.imat.doctor()).checks.map(({ check, status }) => [check, status]),
    ).toEqual([
      ['server', 'ok'],
      ['rights', 'ok'],
      ['catalog', 'ok'],
    ]);
  });
});

const DAMAGE: readonly {
  readonly what: string;
  readonly damage: string;
  readonly found: Partial<DoctorCheck>;
  readonly hint: RegExp;
}[] = [
  {
    what: 'a disabled trigger',
    damage: 'ALTER TABLE sales DISABLE TRIGGER "!imat_insert"',
    found: {
      check: 'source public.sales',
      status: 'error',
      message: expect.stringContaining('capture on public.sales is disabled or gone'),
    },
    hint: /imat repair/,
  },
  {
    what: 'triggers that a replica session would not fire',
    damage: 'ALTER TABLE sales ENABLE TRIGGER "!imat_delete"',
    found: {
      check: 'source public.sales',
      status: 'error',
      message: expect.stringContaining('capture on public.sales is disabled or gone'),
    },
    hint: /imat repair/,
  },
  {
    what: 'a dropped trigger',
    damage: 'DROP TRIGGER "~imat_truncate" ON sales',
    found: {
      check: 'source public.sales',
      status: 'error',
      message: expect.stringContaining('capture on public.sales is disabled or gone'),
    },
    hint: /imat repair/,
  },
  {
    what: 'a dropped source',
    damage: 'DROP TABLE sales CASCADE',
    found: { check: 'imat summary', status: 'error', message: expect.stringContaining('gone') },
    hint: /imat repair summary/,
  },
  {
    what: 'a dropped stored table',
    damage: 'DROP TABLE imat_store.state_summary CASCADE',
    found: { check: 'imat summary', status: 'error', message: expect.stringContaining('gone') },
    hint: /imat repair summary/,
  },
  {
    what: 'a dropped view',
    damage: 'DROP VIEW imat.summary CASCADE',
    found: { check: 'imat summary', status: 'error', message: expect.stringContaining('gone') },
    hint: /imat repair summary/,
  },
  {
    what: 'a renamed column',
    damage: 'ALTER TABLE sales RENAME COLUMN amount TO value',
    found: {
      check: 'source public.sales',
      status: 'warning',
      message: expect.stringContaining('renamed or dropped'),
    },
    hint: /imat fold/,
  },
  {
    what: 'a dropped column',
    damage: 'ALTER TABLE sales DROP COLUMN amount CASCADE',
    found: { check: 'imat summary', status: 'error', message: expect.stringContaining('gone') },
    hint: /imat repair summary/,
  },
  {
    what: 'a dropped change log',
    damage: 'DROP TABLE imat_store.log_public_sales CASCADE',
    found: {
      check: 'source public.sales',
      status: 'error',
      message: expect.stringContaining('capture on public.sales is disabled or gone'),
    },
    hint: /imat repair/,
  },
  {
    what: 'a dropped fold function',
    damage: 'DROP FUNCTION imat_store.fold_summary',
    found: { check: 'imat summary', status: 'error', message: expect.stringContaining('gone') },
    hint: /imat repair summary/,
  },
  {
    what: 'a frontier that belongs to another table, as after a restore',
    damage: 'UPDATE imat_catalog.frontier SET state_relation = 1',
    found: {
      check: 'imat summary',
      status: 'error',
      message: expect.stringContaining('restored from a dump'),
    },
    hint: /imat repair summary/,
  },
];

/** The extension knows columns by number: a renamed one is captured as before. */
const HARMLESS_WITH_EXTENSION = 'a renamed column';

test.runIf(WITH_EXTENSION)('with the extension a captured column can be renamed', async () => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.sql('ALTER TABLE sales RENAME COLUMN amount TO value');
    expect(await troubles(sandbox)).toEqual([]);
    for (const change of [
      `INSERT INTO sales (id, region, value) VALUES (1000, 'r1', 5)`,
      'UPDATE sales SET value = value + 1 WHERE id < 10',
      'TRUNCATE sales',
    ]) {
      await sandbox.sql(change);
      await expectEqual(sandbox.db, 'imat.summary', SUMMARY.replace('amount', 'value'));
    }
    await sandbox.imat.fold('summary');
    await expectEqual(sandbox.db, 'imat.summary', SUMMARY.replace('amount', 'value'));
  });
});

test.each(
  DAMAGE.filter((one) => !WITH_EXTENSION || one.what !== HARMLESS_WITH_EXTENSION).map(
    (one) => [one.what, one] as const,
  ),
)('%s is found, and revert still works', async (_what, { damage, found, hint }) => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks');
    await sandbox.sql(damage);
    const check = (await troubles(sandbox)).find((one) => one.check === found.check);
    expect(check).toMatchObject(found);
    expect(check?.hint).toMatch(hint);
    await sandbox.imat.list();
    await sandbox.imat.revert('summary');
    await sandbox.imat.revert('ranks');
    expect(
      await sandbox.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'imat%'`),
    ).toEqual([]);
    expect(await sandbox.rows(`SELECT tgname FROM pg_trigger WHERE tgname LIKE '!imat%'`)).toEqual(
      [],
    );
    // Writers are as free as before.
    if (!damage.includes('TABLE sales CASCADE'))
      await sandbox.sql(`INSERT INTO sales (id, region) SELECT 1000, 'x' WHERE false`);
  });
});

test('a view whose frontier is gone raises instead of answering', async () => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks');
    await sandbox.sql('DELETE FROM imat_catalog.frontier');
    for (const name of ['summary', 'ranks']) {
      await expect(sandbox.rows(`SELECT * FROM imat.${name}`)).rejects.toMatchObject({
        sqlstate: 'IM017',
        message: `imat "${name}" has no frontier for its stored table`,
      });
    }
    expect(
      await expectImatError('frontier_missing', () => sandbox.imat.fold('summary')),
    ).toMatchObject({
      category: 'drift',
      hint: expect.stringContaining('imat repair summary'),
    });
  });
});

test('a catalog that was dropped by hand: what is left is named, and can be removed', async () => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.sql('DROP SCHEMA imat_catalog CASCADE');
    expect(await troubles(sandbox)).toMatchObject([
      {
        check: 'catalog',
        status: 'error',
        hint: expect.stringContaining('DROP SCHEMA imat_store CASCADE'),
      },
    ]);
    expect(
      await expectImatError('already_exists', () => sandbox.imat.convert('summary')),
    ).toMatchObject({
      hint: expect.stringContaining('DROP SCHEMA imat_store CASCADE'),
    });
    await sandbox.sql('DROP SCHEMA imat_store CASCADE');
    if (!WITH_EXTENSION)
      expect(await sandbox.rows(`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal`)).toEqual(
        [],
      );
    await sandbox.sql(`INSERT INTO sales VALUES (1001, 'r1', 5)`);
    await sandbox.imat.convert('summary');
    await sandbox.sql(`INSERT INTO sales VALUES (1002, 'r1', 5)`);
    await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
    await sandbox.imat.revert('summary');
    expect(await sandbox.rows(`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([]);
  });
});

test('an imat that lost what it is built on says so, whatever is asked of it', async () => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks');
    await sandbox.imat.create('stored', SUMMARY, { freshness: 'manual' });
    await sandbox.imat.create(
      'stored_ranks',
      `${REBUILT} SELECT region, rank() OVER (ORDER BY amount) AS place FROM sales`,
      { freshness: 'manual' },
    );
    await sandbox.sql('DROP TABLE sales CASCADE');
    expect(
      await sandbox.rows(
        `SELECT relname FROM pg_class
         WHERE relnamespace = 'imat'::regnamespace AND relname <> 'schema_changes'`,
      ),
      'nothing goes on answering',
    ).toEqual([]);
    for (const call of [
      () => sandbox.imat.fold('summary'),
      () => sandbox.imat.swap('ranks'),
      () => sandbox.imat.verify('summary'),
      () => sandbox.imat.explain('summary'),
    ]) {
      const error = await expectImatError('source_changed', call);
      expect(error).toMatchObject({
        category: 'drift',
        detail: expect.stringContaining('its definition'),
        hint: expect.stringContaining('imat repair'),
      });
    }
    const { results } = await sandbox.imat.verify();
    expect(results.map(({ equal, error }) => [equal, error?.code])).toEqual(
      results.map(() => [false, 'IM021']),
    );
    expect(results).toHaveLength(4);
    for (const { rows, error } of await foldAll(sandbox.imat))
      expect([rows, error?.code]).toEqual([0, 'IM024']);
    expect((await sandbox.imat.list()).map((imat) => imat.state)).toEqual([
      'broken',
      'broken',
      'broken',
      'broken',
    ]);
  });
});

test('many pending rows, and an unfinished swap', async () => {
  await inSandbox(SALES, async (sandbox) => {
    await sandbox.imat.convert('summary');
    await sandbox.imat.convert('ranks');
    await sandbox.sql(
      `INSERT INTO sales SELECT i, 'r' || i % 5, 1 FROM generate_series(1000, 12000) AS i`,
    );
    expect(await troubles(sandbox)).toEqual([
      {
        check: 'imat summary',
        status: 'warning',
        message: '11001 rows are pending: reads are right, but slow',
        hint: 'imat fold summary',
      },
    ]);
    await sandbox.imat.convert('summary', { freshness: 'manual' });
    expect(await troubles(sandbox)).toMatchObject([
      { message: '11001 rows are pending, which reads do not show before the next fold' },
    ]);
    await foldAll(sandbox.imat);
    const reader = await sandbox.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM sales');
    await sandbox.imat.swap('ranks');
    expect(await troubles(sandbox)).toEqual([
      {
        check: 'imat ranks',
        status: 'warning',
        message: 'a swap is unfinished (switched): reads are right, but cost more',
        hint: 'imat swap ranks finishes it.',
      },
    ]);
    await reader.db.execute('COMMIT');
    await sandbox.imat.swap('ranks');
    expect(await troubles(sandbox)).toEqual([]);
  });
});

test('missing rights', async () => {
  await inSandbox(SALES, async (sandbox) => {
    const role = await createRole(sandbox);
    const database = await sandbox.value<string>('SELECT current_database()');
    await sandbox.sql(`REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
    const { checks } = await (await sandbox.session(role)).imat.doctor();
    expect(checks).toContainEqual({
      check: 'rights',
      status: 'warning',
      message: 'this role lacks CREATE and TEMPORARY on the database',
      hint: expect.stringContaining('GRANT CREATE, TEMPORARY ON DATABASE'),
    });
    await sandbox.sql(`DROP ROLE ${role}`);
  });
});
