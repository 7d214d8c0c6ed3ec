/** Which columns of a source are captured, when they are given up, and what cannot be captured. */
import { describe, expect, test } from 'vitest';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

describe('columns that no imat needs any more', () => {
  const TABLE = `CREATE TABLE item (k text, v numeric, w int);
    INSERT INTO item SELECT 'k' || i % 3, i, i FROM generate_series(1, 30) AS i;`;

  test.each([
    ['another imat stays', `SELECT k, count(*) AS n FROM public.item GROUP BY k`],
    [
      'a swap imat stays',
      `${REBUILT} SELECT k, rank() OVER (ORDER BY k) AS place FROM public.item`,
    ],
  ])('can change their type or go once its imat is reverted: %s', async (_what, rest) => {
    await inPreparedSandbox(TABLE, async (sandbox) => {
      await sandbox.imat.create('sums', 'SELECT k, sum(v) AS v, sum(w) AS w FROM item GROUP BY k');
      await sandbox.imat.create('rest', rest);
      await sandbox.sql(`INSERT INTO item VALUES ('k1', 1, 1)`);
      await sandbox.imat.revert('sums');
      await sandbox.sql('ALTER TABLE item ALTER v TYPE text, DROP COLUMN w');
      for (const change of [
        `INSERT INTO item VALUES ('k2', 'two')`,
        `UPDATE item SET k = 'k9' WHERE k = 'k0'`,
        `DELETE FROM item WHERE v = '4'`,
        'TRUNCATE item',
      ]) {
        await sandbox.sql(change);
        await expectEqual(sandbox.db, 'imat.rest', rest);
      }
      expect((await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual(
        [],
      );
      // A column of the same number can be logged again.
      await sandbox.imat.create('again', 'SELECT k, count(v) AS v FROM item GROUP BY k');
      await sandbox.sql(`INSERT INTO item VALUES ('k3', 'three')`);
      await expectEqual(
        sandbox.db,
        'imat.again',
        'SELECT k, count(v) AS v FROM public.item GROUP BY k',
      );
      await expectEqual(sandbox.db, 'imat.rest', rest);
    });
  });
});

test.runIf(WITH_EXTENSION)(
  'imats go with the extension that captures for them, and do not answer on',
  async () => {
    await inPreparedSandbox('CREATE TABLE item (k text, v numeric)', async (sandbox) => {
      await sandbox.imat.create('live', 'SELECT k, sum(v) AS v FROM item GROUP BY k');
      await sandbox.imat.create('stored', 'SELECT k, sum(v) AS v FROM item GROUP BY k', {
        freshness: 'manual',
      });
      await sandbox.imat.create(
        'swapped',
        `${REBUILT} SELECT k, rank() OVER (ORDER BY v) AS place FROM item`,
      );
      await sandbox.imat.create(
        'swapped_manual',
        `${REBUILT} SELECT k, rank() OVER (ORDER BY v) AS place FROM item`,
        { freshness: 'manual' },
      );
      await expect(sandbox.sql('DROP EXTENSION table_change_tracker')).rejects.toMatchObject({
        sqlstate: '2BP01',
      });
      await sandbox.sql('DROP EXTENSION table_change_tracker CASCADE');
      expect(
        await sandbox.rows(
          `SELECT relname FROM pg_class
           WHERE relnamespace = 'imat'::regnamespace AND relname <> 'schema_changes'`,
        ),
      ).toEqual([]);
      await sandbox.sql(`INSERT INTO item VALUES ('a', 1)`);
      for (const name of ['live', 'stored', 'swapped', 'swapped_manual'])
        await sandbox.imat.revert(name);
      await sandbox.imat.create('live', 'SELECT k, sum(v) AS v FROM item GROUP BY k');
      await sandbox.sql(`INSERT INTO item VALUES ('a', 1)`);
      await expectEqual(
        sandbox.db,
        'imat.live',
        'SELECT k, sum(v) AS v FROM public.item GROUP BY k',
      );
    });
  },
);

test('a virtual generated column gets swap, also on a captured table', async (context) => {
  await inPreparedSandbox('', async (sandbox) => {
    const major = Math.floor(
      (await sandbox.value<number>(`SELECT current_setting('server_version_num')::int`)) / 10_000,
    );
    if (major < 18) context.skip(`PostgreSQL ${major} has no virtual generated columns`);
    await sandbox.sql(
      `CREATE TABLE item (
         k int, v int, g int GENERATED ALWAYS AS (v * 2) VIRTUAL,
         h int GENERATED ALWAYS AS (v * 3) STORED
       )`,
    );
    const stored = 'SELECT k, sum(h) AS s FROM public.item GROUP BY k';
    const virtual = 'SELECT k, sum(g) AS s FROM public.item GROUP BY k';
    await sandbox.imat.create('stored', stored);
    expect(await sandbox.imat.create('virtual', virtual)).toMatchObject({
      strategy: 'swap',
      reasons: [{ kind: 'virtual_column' }],
    });
    for (const change of [
      'INSERT INTO item VALUES (1, 5), (2, 6)',
      'UPDATE item SET v = 7 WHERE k = 1',
      'DELETE FROM item WHERE k = 2',
    ]) {
      await sandbox.sql(change);
      await expectEqual(sandbox.db, 'imat.stored', stored);
      await expectEqual(sandbox.db, 'imat.virtual', virtual);
    }
    await sandbox.imat.fold('stored');
    await sandbox.imat.swap('virtual');
    await expectEqual(sandbox.db, 'imat.stored', stored);
    await expectEqual(sandbox.db, 'imat.virtual', virtual);
  });
});
