/** The owner of an imat who has lost rights on what it reads: doctor and status say so. */
import { expect, test } from 'vitest';
import { createRole, inSandbox } from '../commands/support/sandbox.ts';
import { expectEqual } from '../commands/support/oracle.ts';

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
