/** A database that loses plpgsql, in which imat's functions and triggers are written. */
import { expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { outcomeOf } from '../commands/support/world.ts';

const SUMS = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';
const RANKED = 'SELECT g, rank() OVER (ORDER BY v) AS r FROM public.t';
const SETUP = `CREATE TABLE t (g int, v int);
  INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i;
  CREATE MATERIALIZED VIEW sums AS ${SUMS}; CREATE MATERIALIZED VIEW ranked AS ${RANKED}`;
const HINT = 'Run CREATE EXTENSION plpgsql; then imat repair builds the imats anew that were lost.';

test('every command says what to do, and then a repair brings everything back', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    const { imat, db } = sandbox;
    await imat.convert('sums');
    await imat.convert('ranked', { strategy: 'swap' });
    const triggers = () =>
      sandbox.rows(`SELECT t.tgrelid::regclass::text AS of, t.tgname, t.tgenabled FROM pg_trigger t
        WHERE NOT t.tgisinternal ORDER BY 1, 2`);
    const before = await triggers();
    await sandbox.sql('DROP EXTENSION plpgsql CASCADE');
    for (const call of [
      () => imat.repair(),
      () => imat.repair('sums'),
      () => imat.init(),
      () => imat.convert('sums', { name: 'other' }),
      () => imat.revert('sums'),
    ])
      expect(await outcomeOf<unknown>(call())).toMatchObject({
        condition: 'not_found',
        message: 'this database has no language plpgsql',
        hint: HINT,
      });
    for (const call of [() => imat.status(), () => imat.fold('sums'), () => imat.swap('ranked')])
      expect(await outcomeOf<unknown>(call())).toMatchObject({
        condition: 'source_changed',
        hint: expect.stringContaining('Run imat init'),
      });
    expect((await imat.doctor()).checks).toContainEqual({
      check: 'catalog',
      status: 'error',
      message: expect.stringContaining('no language plpgsql'),
      hint: HINT,
    });
    // Writers go on meanwhile.
    await sandbox.sql('INSERT INTO t VALUES (1, 100)');
    await sandbox.sql('CREATE EXTENSION plpgsql');
    const repaired = await imat.repair();
    expect(repaired).toMatchObject([
      { name: 'sums', error: null },
      { name: 'ranked', error: null },
    ]);
    for (let round = 0; round < 2; round++) {
      await sandbox.sql(
        `INSERT INTO t VALUES (2, 7 + ${round}), (5, 1); DELETE FROM t WHERE v = 3`,
      );
      await expectEqual(db, 'imat.sums', SUMS);
      await expectEqual(db, 'imat.ranked', RANKED);
      await imat.fold('sums');
      await imat.swap('ranked');
    }
    expect(await triggers()).toEqual(before);
    expect((await imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  });
});

test('a trigger of the catalog that is gone is made again', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    const { imat } = sandbox;
    await imat.convert('sums');
    for (const command of [
      'DROP TRIGGER arrival ON imat_catalog.arrival',
      'DROP FUNCTION imat_store.check_reset CASCADE',
    ]) {
      await sandbox.sql(command);
      expect((await imat.doctor()).checks).toContainEqual({
        check: 'catalog',
        status: 'error',
        message: 'a schema, functions, triggers or views of imat were dropped or renamed',
        hint: expect.stringContaining('imat repair'),
      });
      await imat.init();
      expect(
        await sandbox.rows(`SELECT tgname FROM pg_trigger
          WHERE tgname IN ('arrival', 'check_reset') AND tgenabled = 'A' ORDER BY 1`),
      ).toEqual([{ tgname: 'arrival' }, { tgname: 'check_reset' }]);
    }
    expect((await imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  });
});
