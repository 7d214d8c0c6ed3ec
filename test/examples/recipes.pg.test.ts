/** docs/recipes.md, block by block: each view is maintained, and equal to what it says. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomOf } from '../../tools/random.ts';
import { expectEqual } from '../engine/commands/support/oracle.ts';
import type { Sandbox } from '../engine/commands/support/sandbox.ts';
import { createPreparedSandbox } from '../engine/commands/support/sandbox.ts';

const PAGE = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, text]) => text ?? '');
const VIEWS = BLOCKS.flatMap((block) =>
  [...block.matchAll(/CREATE MATERIALIZED VIEW (\w+)/g)].map(([, name]) => name ?? ''),
);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox();
  for (const block of BLOCKS) await sandbox.sql(block);
});
afterAll(() => sandbox.drop());

/** The completed definition: where the text leaves an order open, that has one right answer. */
const definitions = new Map<string, string>();

async function expectAll(context: string): Promise<void> {
  for (const [name, definition] of definitions)
    await expectEqual(sandbox.db, `imat.${name}`, definition, `${name}, ${context}`);
}

test.each(VIEWS)('%s is maintained, and misses no index', async (name) => {
  expect(await sandbox.imat.convert(name)).toMatchObject({ strategy: 'delta' });
  const { definition, missingIndexes } = await sandbox.imat.explain(name);
  expect(missingIndexes).toEqual([]);
  definitions.set(name, definition);
});

const CUSTOMER = (n: number): string => String((n % 12) + 1);
const WRITES: readonly ((n: number) => string)[] = [
  (n) => `INSERT INTO customers VALUES (${CUSTOMER(n)}, 'c${n % 7}',
    (ARRAY['de', 'fr', NULL])[${(n % 3) + 1}], '{"active": ${n % 2 === 0}, "plan": "p${n % 3}"}')
    ON CONFLICT (id) DO UPDATE SET country = excluded.country, profile = excluded.profile`,
  (n) => `INSERT INTO products VALUES (${n % 8}, 'p${n % 8}', 'k${n % 3}')
    ON CONFLICT (id) DO UPDATE SET category = 'k${n % 4}'`,
  (n) => `INSERT INTO orders SELECT ${n % 60}, min(id), 'paid', ${n % 500},
    now() - ${n % 70} * interval '1 day' FROM customers WHERE id >= ${CUSTOMER(n)}
    ON CONFLICT (id) DO UPDATE SET total = excluded.total, placed_at = excluded.placed_at`,
  (n) => `INSERT INTO orders (id, total, placed_at) SELECT 100 + i, i, now() - interval '30 days'
    + (${n % 50} - 25) * interval '1 ms' FROM generate_series(1, ${n % 4}) AS i
    ON CONFLICT (id) DO UPDATE SET placed_at = excluded.placed_at`,
  (n) => `UPDATE orders SET status = (enum_range(NULL::order_status))[${(n % 4) + 1}]
    WHERE id % 5 = ${n % 5}`,
  (n) => `INSERT INTO order_items SELECT o.id, ${n % 3}, p.id, ${n % 5}, ${n % 90}
    FROM orders o, products p WHERE o.id % 7 = ${n % 7} AND p.id = ${n % 8}
    ON CONFLICT (order_id, line) DO UPDATE SET quantity = excluded.quantity`,
  // A parent has a smaller number, so that there is no cycle.
  (n) => {
    const parent = (n % 5) - 1 - (n % 2);
    return `INSERT INTO categories VALUES ('k${n % 5}', ${parent < 0 ? 'NULL' : `'k${parent}'`})
      ON CONFLICT (name) DO UPDATE SET parent = excluded.parent`;
  },
  (n) => `DELETE FROM categories WHERE name = 'k${n % 9}'`,
  (n) => `DELETE FROM orders WHERE id % 11 = ${n % 11}`,
  (n) => `DELETE FROM customers WHERE id = ${CUSTOMER(n)}`,
  // No view has this value as a constant.
  () => `DO $$ BEGIN EXECUTE format('ALTER TYPE order_status RENAME VALUE %L TO %L',
    enum_first(NULL::order_status), 'label ' || clock_timestamp()); END $$`,
];

test('each is equal to its definition after random writes and folds', async () => {
  const random = randomOf(5);
  for (let step = 0; step < 60; step++) {
    const write = random.pick(WRITES)(random.below(100_000));
    await sandbox.sql(write);
    await expectAll(`step ${step}, ${write}`);
    if (!random.chance(0.2)) continue;
    for (const name of VIEWS) if (random.chance(0.6)) await sandbox.imat.fold(name);
    await expectAll(`step ${step}, folded`);
  }
});
