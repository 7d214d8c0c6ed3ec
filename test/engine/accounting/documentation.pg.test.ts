/** The block of docs/statistics.md, on a server and on the embedded database. */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import { createImat } from '../../../engine/index.ts';

const PAGE = readFileSync('docs/statistics.md', 'utf8');
const BLOCK = /```sql\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';

async function run(db: Db): Promise<unknown[][]> {
  await db.execute('SET search_path = public');
  const answers: unknown[][] = [];
  for (const statement of BLOCK.split(';\n').filter((text) => text.trim() !== ''))
    answers.push(await db.query(statement));
  return answers.slice(-2);
}

const EXPECTED = [
  [{ stat_table: 'orders', stat_rows: '100' }],
  [
    { stat_table: 'orders', stat_verb: 'DELETE', stat_rows: '5' },
    { stat_table: 'orders', stat_verb: 'UPDATE', stat_rows: '10' },
  ],
];

test('the block answers what the page says, on a server', async () => {
  await inPreparedSandbox('', async (world) => {
    expect(await run(world.db)).toEqual(EXPECTED);
  });
});

test('the block answers the same on the embedded database, and after folding', async () => {
  const db = await connectDb({ kind: 'embedded', directory: null });
  try {
    await createImat(db).init();
    expect(await run(db)).toEqual(EXPECTED);
    await db.query('SELECT imat.fold_counts()');
    expect(
      await db.query(
        `SELECT stat_table, stat_verb, stat_rows
         FROM imat.detailed_log_stat_group('sales', 'loaded', NULL)`,
      ),
    ).toEqual(EXPECTED[1]);
  } finally {
    await db.close();
  }
});

test('every function of the API is on the page', async () => {
  await inPreparedSandbox('', async (world) => {
    const names = await world.rows<{ name: string }>(
      `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'imat'::regnamespace
       AND proname NOT IN ('fold', 'swap', 'create_imat')`,
    );
    expect(names.length).toBeGreaterThan(20);
    // Those of several groups are in the row of those of one.
    for (const { name } of names)
      expect(PAGE).toMatch(new RegExp(`\`(?:imat\\.)?${name}\\b|, ${name}\\(`));
  });
});
