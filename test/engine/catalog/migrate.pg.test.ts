/**
 * Installing and upgrading the catalog: races, former routines, rights, newer and older programs.
 */
import { expect, test } from 'vitest';
import { catalogFiles } from '../../../engine/catalog/files.ts';
import { initialize } from '../../../engine/catalog/migrate.ts';
import type { Db } from '../../../engine/db/db.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { inSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { describeCatalog } from './describe.ts';

const SETUP = `CREATE TABLE t (k int, v int); INSERT INTO t VALUES (1, 1), (1, 2), (2, 3);
  CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s FROM t GROUP BY k`;

const PRETEND_OTHER = `UPDATE imat_catalog.migration SET functions_hash = 'other'`;

/** What was run last says what is installed. */
const LAST = 'ORDER BY version DESC LIMIT 1';

const expectCurrent = async (sandbox: Sandbox): Promise<void> =>
  expect(
    await sandbox.rows(
      `SELECT version, functions_hash, imat_version FROM imat_catalog.migration ${LAST}`,
    ),
  ).toEqual([
    {
      version: catalogFiles().tables.length,
      functions_hash: catalogFiles().functionsHash,
      imat_version: catalogFiles().imatVersion,
    },
  ]);

test('installers that start at once install once', async () => {
  await inSandbox('', async (sandbox) => {
    const sessions = await Promise.all([1, 2, 3, 4].map(() => sandbox.session()));
    // A name that was looked up before may be cached as missing.
    for (const { imat } of sessions) expect(await imat.list()).toEqual([]);
    const results = await Promise.all(sessions.map(({ imat }) => imat.init()));
    expect(results.filter((result) => result.created)).toHaveLength(1);
    await expectCurrent(sandbox);
  });
});

test('installers that upgrade at once leave the same catalog as a fresh install', async () => {
  await inSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.init();
    const fresh = await describeCatalog(sandbox.db);
    await sandbox.sql(PRETEND_OTHER);
    const sessions = await Promise.all([1, 2, 3].map(() => sandbox.session()));
    await Promise.all(sessions.map(({ imat }) => imat.init()));
    await expectCurrent(sandbox);
    expect(await describeCatalog(sandbox.db)).toBe(fresh);
  });
});

test('an upgrade replaces bodies, drops former routines and views, and keeps rights', async () => {
  await inSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('sums');
    const fresh = await describeCatalog(sandbox.db);
    await sandbox.sql(`
      CREATE OR REPLACE FUNCTION imat_catalog.cut_off_message() RETURNS text
        LANGUAGE sql IMMUTABLE AS $$ SELECT 'as it was' $$;
      -- with another argument list, deleted, and one that a deleted view calls
      CREATE FUNCTION imat_catalog.claim(imat bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE FUNCTION imat_catalog.gone() RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE VIEW imat_catalog.gone_too AS SELECT imat_catalog.gone();
      CREATE PROCEDURE imat.fold(name text, twice boolean) LANGUAGE sql AS '';
      CREATE FUNCTION imat.of_the_user() RETURNS int LANGUAGE sql AS 'SELECT 1';
      GRANT SELECT ON imat_catalog.status TO pg_monitor;
      GRANT EXECUTE ON FUNCTION imat_catalog.claim(integer) TO pg_monitor;
      REVOKE EXECUTE ON FUNCTION imat_catalog.claim(integer) FROM PUBLIC;
      ${PRETEND_OTHER}`);
    expect(await sandbox.imat.init()).toMatchObject({ created: false });
    await expectCurrent(sandbox);
    expect(await sandbox.value('SELECT imat_catalog.cut_off_message()')).toBe(
      'the attempt was cut off',
    );
    expect(
      await sandbox.rows(`
        SELECT has_table_privilege('pg_monitor', 'imat_catalog.status', 'SELECT') AS status,
          has_function_privilege('pg_monitor', 'imat_catalog.claim(integer)', 'EXECUTE') AS claim`),
    ).toEqual([{ status: true, claim: true }]);
    expect(await sandbox.value('SELECT imat.of_the_user()')).toBe(1);
    await sandbox.sql(`DROP FUNCTION imat.of_the_user();
      REVOKE ALL ON imat_catalog.status FROM pg_monitor;
      REVOKE ALL ON FUNCTION imat_catalog.claim(integer) FROM pg_monitor;
      GRANT EXECUTE ON FUNCTION imat_catalog.claim(integer) TO PUBLIC`);
    expect(await describeCatalog(sandbox.db)).toBe(fresh);
    // The imat that was there goes on.
    await sandbox.sql('INSERT INTO t VALUES (3, 4)');
    await sandbox.imat.fold('sums');
    expect(await sandbox.rows('SELECT k, s::int FROM imat.sums ORDER BY k')).toEqual(
      await sandbox.rows('SELECT k, sum(v)::int AS s FROM t GROUP BY k ORDER BY k'),
    );
  });
});

test('an upgrade that fails changes nothing', async () => {
  await inSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.init();
    // A view of the user stands on a routine that the files no longer contain.
    await sandbox.sql(`
      CREATE FUNCTION imat_catalog.gone() RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE VIEW own AS SELECT imat_catalog.gone();
      CREATE OR REPLACE FUNCTION imat_catalog.cut_off_message() RETURNS text
        LANGUAGE sql IMMUTABLE AS $$ SELECT 'as it was' $$;
      ${PRETEND_OTHER}`);
    const before = await describeCatalog(sandbox.db);
    await expect(sandbox.imat.init()).rejects.toThrow(/gone/);
    expect(await describeCatalog(sandbox.db)).toBe(before);
    expect(await sandbox.value('SELECT imat_catalog.cut_off_message()')).toBe('as it was');
    expect(await sandbox.value(`SELECT functions_hash FROM imat_catalog.migration ${LAST}`)).toBe(
      'other',
    );
  });
});

test('bodies that are checked, too, install', async () => {
  await inSandbox('', async (sandbox) => {
    await sandbox.imat.init();
    await sandbox.db.execute(
      `SET check_function_bodies = on; ${catalogFiles().functions.join('\n')}`,
    );
    expect(await sandbox.value('SELECT imat_catalog.cut_off_message()')).toContain('cut off');
  });
});

test('a newer imat’s functions are not replaced, an older one’s must be', async () => {
  await inSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('sums');
    await sandbox.sql(`${PRETEND_OTHER}, imat_version = '999.0.0'`);
    for (const call of [
      () => sandbox.imat.init(),
      () => sandbox.imat.list(),
      () => sandbox.imat.convert('sums', { name: 'other' }),
    ])
      expect(await expectImatError('catalog_newer', call)).toMatchObject({
        message: expect.stringContaining('imat 999.0.0'),
      });
    await sandbox.sql(`${PRETEND_OTHER}, imat_version = '0.0.1'`);
    expect(await expectImatError('not_initialized', () => sandbox.imat.list())).toMatchObject({
      hint: 'Run imat init to upgrade it.',
    });
    await sandbox.imat.init();
    expect(await sandbox.imat.list()).toHaveLength(1);
    // A newer imat with the same functions is no hindrance.
    await sandbox.sql(`UPDATE imat_catalog.migration SET imat_version = '999.0.0'`);
    expect(await sandbox.imat.list()).toHaveLength(1);
  });
});

test('a catalog that is up to date costs a conversion two queries', async () => {
  await inSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.init();
    const asked: string[] = [];
    const counted: Db = {
      ...sandbox.db,
      query: (sql, params) => {
        asked.push(sql);
        return sandbox.db.query(sql, params);
      },
      transaction: () => expect.fail('there is nothing to do'),
    };
    await initialize(counted, false);
    expect(asked).toHaveLength(2);
    expect(asked[0]).not.toMatch(/(FROM|JOIN) imat/);
  });
});
