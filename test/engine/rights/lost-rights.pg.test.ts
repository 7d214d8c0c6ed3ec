/**
 * Rights that somebody has taken away: the owner of an imat may not read a source any more, or what
 * everybody may do in imat_store is revoked.
 */
import { expect, test } from 'vitest';
import { createRole, inPreparedSandbox, inSandbox } from '../commands/support/sandbox.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMS = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';

test('a table that gets another owner', async () => {
  await inSandbox('', async (sandbox) => {
    const [owner, other] = [await createRole(sandbox), await createRole(sandbox)];
    const database = await sandbox.value<string>('SELECT current_database()');
    await sandbox.sql(`GRANT CREATE, TEMPORARY ON DATABASE ${database} TO ${owner};
      GRANT ALL ON SCHEMA public TO ${owner}, ${other}`);
    const session = await sandbox.session(owner);
    await session.sql(`CREATE TABLE t (g int, v int);
      INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i;
      CREATE MATERIALIZED VIEW a AS ${SUMS}`);
    await session.imat.convert('a');
    const found = async (): Promise<unknown> =>
      (await session.imat.status()).imats.flatMap(({ problems }) => problems);
    expect(await found()).toEqual([]);
    await sandbox.sql(`ALTER TABLE t OWNER TO ${other}`);
    expect(await found()).toEqual([
      {
        severity: 'error',
        message: `role ${owner}, which owns it, may not read table public.t: reads fail`,
        hint: `Run GRANT ${other} TO ${owner}.`,
      },
    ]);
    expect((await session.imat.doctor()).checks).toContainEqual(
      expect.objectContaining({ check: 'imat a', status: 'error' }),
    );
    await sandbox.sql(`GRANT SELECT ON t TO ${owner}`);
    await expectEqual(session.db, 'imat.a', SUMS);
    expect(await found()).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('can neither repair nor revert it') },
    ]);
    await sandbox.sql(`GRANT ${other} TO ${owner}`);
    expect(await found()).toEqual([]);
    await session.imat.revert('a');
    for (const role of [owner, other])
      await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
});

test('what is revoked from PUBLIC stops no writer of a role’s table', async () => {
  await inPreparedSandbox('', async (sandbox) => {
    const owner = await createRole(sandbox);
    await sandbox.sql(`GRANT ALL ON SCHEMA public TO ${owner}`);
    const session = await sandbox.session(owner);
    await session.sql(`CREATE TABLE t (g int, v int);
      CREATE TABLE p (g int, v int) PARTITION BY LIST (g);
      CREATE TABLE p1 PARTITION OF p DEFAULT`);
    const parts = SUMS.replace('public.t', 'public.p');
    await sandbox.imat.create('a', SUMS);
    await sandbox.imat.create('b', parts);
    const write = async (): Promise<void> => {
      for (const statement of [
        'INSERT INTO t VALUES (1, 2), (2, 3)',
        'UPDATE t SET v = v + 1 WHERE g = 1',
        'INSERT INTO p VALUES (1, 2)',
        'DELETE FROM p1 WHERE v > 5',
        'TRUNCATE t',
        'ALTER TABLE t RENAME v TO w; INSERT INTO t VALUES (4, 5); ALTER TABLE t RENAME w TO v',
        'ALTER TABLE p DETACH PARTITION p1; CREATE TABLE p2 PARTITION OF p DEFAULT',
        'INSERT INTO p VALUES (3, 4)',
        'DROP TABLE p2; ALTER TABLE p ATTACH PARTITION p1 DEFAULT',
      ]) {
        await session.sql(statement);
        await expectEqual(sandbox.db, 'imat.a', SUMS, statement);
        await expectEqual(sandbox.db, 'imat.b', parts, statement);
      }
    };
    const revoke = `REVOKE ALL ON SCHEMA imat_store FROM PUBLIC;
      REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA imat_store FROM PUBLIC`;
    await write();
    await sandbox.sql(revoke);
    await write();
    await foldAll(sandbox.imat);
    const before = await sandbox.imat.doctor();
    expect(before.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    await sandbox.sql(`REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA imat_store FROM ${owner}`);
    const after = await sandbox.imat.doctor();
    expect(after.checks.filter(({ status }) => status !== 'ok')).toHaveLength(2);
    await foldAll(sandbox.imat);
    await write();
    await sandbox.sql(`DROP TABLE t, p CASCADE`);
    for (const name of ['a', 'b']) await sandbox.imat.revert(name);
    await sandbox.sql(`DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`);
  });
});
