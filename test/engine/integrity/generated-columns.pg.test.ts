/** What becomes of imats that read generated columns when ALTER TABLE drops the expressions. */
import { expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { inPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';

const DEFINITION = 'SELECT k, sum(twice) AS s, max(thrice) AS m FROM public.item GROUP BY k';
const COLUMNS = `k int, v int, twice int GENERATED ALWAYS AS (v * 2) STORED,
  thrice int GENERATED ALWAYS AS (v * 3) STORED`;
const ROWS = 'INSERT INTO item (k, v) SELECT i % 3, i FROM generate_series(0, 20) i';

const TABLES: readonly [what: string, setup: string][] = [
  ['a table', `CREATE TABLE item (${COLUMNS}); ${ROWS}`],
  [
    'a partitioned table',
    `CREATE TABLE item (${COLUMNS}) PARTITION BY LIST (k);
     CREATE TABLE item_0 PARTITION OF item FOR VALUES IN (0);
     CREATE TABLE item_rest PARTITION OF item DEFAULT; ${ROWS}`,
  ],
];

const problemsOf = async (sandbox: Sandbox) =>
  (await sandbox.imat.status('sums')).imats[0]?.problems;

async function expectExact(sandbox: Sandbox): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await expectEqual(sandbox.db, 'imat.sums', DEFINITION);
    await sandbox.sql(`INSERT INTO item (k, v) VALUES (${round}, 7), (5, ${round});
      UPDATE item SET v = v + 1 WHERE v % 4 = 0; DELETE FROM item WHERE v = 6 + ${round}`);
    await expectEqual(sandbox.db, 'imat.sums', DEFINITION);
    await sandbox.imat.fold('sums');
  }
  expect(await problemsOf(sandbox)).toEqual([]);
}

const withoutEventTriggers = (sandbox: Sandbox): Promise<void> =>
  sandbox.sql('ALTER EVENT TRIGGER imat_ddl DISABLE; ALTER EVENT TRIGGER imat_drop DISABLE');

test.each(TABLES)('DROP EXPRESSION of %s breaks nothing', async (_what, setup) => {
  await inPreparedSandbox(setup, async (sandbox) => {
    await sandbox.imat.create('sums', DEFINITION);
    for (const column of ['twice', 'thrice']) {
      await sandbox.sql(`ALTER TABLE item ALTER COLUMN ${column} DROP EXPRESSION`);
      await expectExact(sandbox);
      await sandbox.sql(`UPDATE item SET ${column} = 1000 + k WHERE v % 3 = 1;
        INSERT INTO item (k, v, ${column}) VALUES (1, 1, 7), (4, 4, NULL)`);
      await expectExact(sandbox);
      // A fold notes the files that are there now.
      await sandbox.sql('VACUUM FULL item');
      await expectExact(sandbox);
      await withoutEventTriggers(sandbox);
    }
    // Nothing is left to be compared with the files.
    await sandbox.sql('VACUUM FULL item');
    await expectExact(sandbox);
  });
});

test('if the rows were written anew in between, it breaks, and repair mends it', async () => {
  await inPreparedSandbox(TABLES[0]?.[1] ?? '', async (sandbox) => {
    await sandbox.imat.create('sums', DEFINITION);
    await sandbox.sql('VACUUM FULL item');
    await sandbox.sql('ALTER TABLE item ALTER COLUMN twice DROP EXPRESSION');
    expect(await problemsOf(sandbox)).toEqual([
      {
        severity: 'broken',
        message: 'the expression of a generated column of table public.item was changed',
        hint: 'Run imat repair sums.',
      },
    ]);
    await sandbox.imat.repair();
    await expectExact(sandbox);
  });
});

test.for([
  'ALTER TABLE item ALTER COLUMN twice SET EXPRESSION AS (v * 7)',
  `ALTER TABLE item ALTER COLUMN twice SET EXPRESSION AS (v * 7);
   ALTER TABLE item ALTER COLUMN twice DROP EXPRESSION`,
])('%s is found by a fold', async (command, context) => {
  await inPreparedSandbox(TABLES[0]?.[1] ?? '', async (sandbox) => {
    const version = await sandbox.value<number>(
      `SELECT current_setting('server_version_num')::int / 10000`,
    );
    if (version < 17) context.skip(`PostgreSQL ${version} has no SET EXPRESSION`);
    await sandbox.imat.create('sums', DEFINITION);
    await withoutEventTriggers(sandbox);
    await sandbox.sql(command);
    await expect(sandbox.imat.fold('sums')).rejects.toMatchObject({ condition: 'broken' });
    await sandbox.imat.repair();
    await expectExact(sandbox);
  });
});
