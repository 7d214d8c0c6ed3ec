/**
 * Errors that no other test comes across: the server, the connection, the catalog, and imat's own
 * bugs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { lockDirectory } from '../../../engine/db/directory-lock.ts';
import { connect, createImat } from '../../../engine/index.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { createSandbox, inPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS
SELECT region, sum(amount) AS total FROM sales GROUP BY region;`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox(SALES);
});
afterAll(() => sandbox.drop());

test('a database without imats', async () => {
  const { imat } = sandbox;
  expect(await imat.list()).toEqual([]);
  expect(await imat.status()).toEqual({ imats: [], workers: [], heldBack: [] });
  for (const call of [
    () => imat.status('x'),
    () => foldAll(imat),
    () => imat.swap('x'),
    () => imat.verify(),
    () => imat.revert('x'),
  ]) {
    expect(await expectImatError('not_initialized', call)).toMatchObject({
      message: 'this database has no imats yet',
      hint: expect.stringContaining('imat convert'),
    });
  }
});

test('a catalog that a newer imat has written', async () => {
  await inPreparedSandbox(SALES, async (own) => {
    await own.imat.convert('summary');
    await own.sql('INSERT INTO imat_catalog.migration (version, explicitly) VALUES (999, false)');
    for (const call of [
      () => own.imat.list(),
      () => own.imat.convert('summary', { name: 'other' }),
      () => own.imat.init(),
      () => own.imat.revert('summary'),
      () => own.imat.doctor(),
    ]) {
      expect(await expectImatError('catalog_newer', call)).toMatchObject({
        message: expect.stringContaining('version 999'),
        hint: 'Upgrade imat.',
      });
    }
    // What runs in the database goes on.
    await own.sql(`INSERT INTO sales VALUES (1000, 'new', 1)`);
    expect(await own.rows(`SELECT * FROM imat.summary WHERE region = 'new'`)).toHaveLength(1);
  });
});

test('a server that is too old', async () => {
  const old = {
    query: async () => [{ version: 140_011 }],
    close: async () => undefined,
  } as unknown as Db;
  expect(
    await expectImatError('unsupported_server', () => createImat(old).convert('summary')),
  ).toMatchObject({
    message: 'the server is PostgreSQL 14, imat needs 15 or later',
  });
});

test('a server that is not there', async () => {
  const url = new URL(sandbox.url);
  url.port = '1';
  expect(await expectImatError('connection_failed', () => connect(url.href))).toMatchObject({
    category: 'transient',
  });
});

test('a database that does not exist', async () => {
  const url = new URL(sandbox.url);
  url.pathname = '/no_such_database';
  expect(await expectImatError('connection_refused', () => connect(url.href))).toMatchObject({
    category: 'user',
  });
});

test('an embedded database that another process uses', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'imat-test-'));
  const release = lockDirectory(join(directory, 'db'));
  expect(
    await expectImatError('embedded_locked', () =>
      connect({ kind: 'embedded', directory: join(directory, 'db') }),
    ),
  ).toMatchObject({
    category: 'transient',
  });
  release();
  rmSync(directory, { recursive: true });
});

describe('what is nobody’s fault but imat’s', () => {
  test('a state that contradicts its source', async () => {
    await inPreparedSandbox(SALES, async (own) => {
      await own.imat.convert('summary');
      await own.sql(
        `INSERT INTO sales VALUES (1000, 'unseen', 1);
         DELETE FROM imat_store.log_public_sales;
         DELETE FROM sales WHERE id = 1000`,
      );
      expect((await own.imat.verify('summary')).results).toMatchObject([{ equal: false }]);
      const error = await expectImatError('state_corrupted', () => own.imat.fold('summary'));
      expect(error).toMatchObject({
        category: 'integrity',
        detail: expect.stringContaining('not captured'),
        hint: 'Run imat repair summary.',
      });
      await expect(own.rows('SELECT * FROM imat.summary')).rejects.toMatchObject({
        sqlstate: 'IM024',
      });
    });
  });

  test('an internal error of the server, and a transaction within another', async () => {
    await sandbox.sql(`CREATE FUNCTION broken(int) RETURNS int
      LANGUAGE plpgsql IMMUTABLE
      AS $$ BEGIN RAISE 'oops' USING ERRCODE = 'internal_error'; END $$;
      CREATE MATERIALIZED VIEW breaking AS SELECT sum(broken(id)) AS s FROM sales WITH NO DATA`);
    expect(await expectImatError('internal', () => sandbox.imat.convert('breaking'))).toMatchObject(
      {
        message: 'PostgreSQL reported XX000: oops',
      },
    );
    await expectImatError('internal', () =>
      sandbox.db.transaction('read committed', () =>
        sandbox.db.transaction('read committed', async () => 1),
      ),
    );
  });
});
