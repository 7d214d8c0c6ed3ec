/** Parts that go to another table before that is followed, and come back or go on from there. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectExact, outcomeOf, sqlstateOf, type World } from '../commands/support/world.ts';
import { useInheritedWorlds } from './support/inherited.ts';
import { ALL, maintain, usePartitionedWorlds } from './support/partitioned.ts';
import { resets } from './support/tree-changes.ts';

const OTHER = 'CREATE TABLE other (id int, kind text, amount numeric(10,2))';
const WRITE = 'UPDATE other SET amount = 0';

const makeInherited = useInheritedWorlds();
const makePartitioned = usePartitionedWorlds();
let world: World;
afterEach(() => world.drop());

async function expectExactAfter(statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await world.sql(statement);
    await expectExact(world, ALL, statement);
  }
  await maintain(world);
  await expectExact(world, ALL);
  await world.sql('UPDATE sale SET amount = amount + 1 WHERE id % 3 = 0');
  await expectExact(world, ALL);
  expect(await resets(world)).toBe('0');
}

describe('tables that inherit', () => {
  beforeEach(async () => {
    world = await makeInherited();
    await world.sql(OTHER);
  });

  const [gone, there, away, back] = [
    'ALTER TABLE sale_2a NO INHERIT sale_2',
    'ALTER TABLE sale_2a INHERIT other',
    'ALTER TABLE sale_2a NO INHERIT other',
    'ALTER TABLE sale_2a INHERIT sale_2',
  ];
  test.each([
    ['one that stays there', [gone, there, WRITE]],
    ['one that has left there as well', [gone, there, WRITE, away]],
    ['one that comes back', [gone, there, WRITE, away, back]],
    [
      'one that comes back in one transaction',
      [`BEGIN; ${[gone, there, WRITE, away, back].join('; ')}; COMMIT`],
    ],
    [
      'one that others inherit from',
      [
        'ALTER TABLE sale_2b NO INHERIT sale_1',
        'ALTER TABLE sale_2 NO INHERIT sale',
        'ALTER TABLE sale_2 INHERIT other',
        WRITE,
        'ALTER TABLE sale_2 NO INHERIT other',
      ],
    ],
    [
      'one whose columns get the names of others',
      [
        `BEGIN; ${gone}; ALTER TABLE sale_2a ADD COLUMN sort text DEFAULT 'b';
       ALTER TABLE sale_2a DROP CONSTRAINT sale_2a_kind_check;
       ALTER TABLE sale_2a RENAME kind TO x; ALTER TABLE sale_2a RENAME sort TO kind; COMMIT`,
      ],
    ],
  ])('%s', (_what, statements) => expectExactAfter(statements));

  test('what cannot be noted breaks the imats', async () => {
    await world.sql(gone);
    const holder = await world.session();
    await holder.sql('BEGIN; SELECT FROM imat_catalog.source FOR UPDATE');
    await world.sql(there);
    await holder.sql('COMMIT');
    await world.sql(`${WRITE}; ${away}; ${back}`);
    expect(await sqlstateOf(world.rows('SELECT FROM imat.summed'))).toBe('IM024');
    await world.imat.repair();
    await expectExact(world, ALL);
  });

  test('two columns that change names', async () => {
    const swapped = {
      name: 'swapped',
      definition: 'SELECT g, sum(v) AS v FROM public.two GROUP BY g',
    };
    await world.sql(`CREATE TABLE two (g int, v int); CREATE TABLE two_1 () INHERITS (two);
      INSERT INTO two_1 SELECT i % 3, i FROM generate_series(1, 20) AS i;
      CREATE MATERIALIZED VIEW swapped AS ${swapped.definition}`);
    await world.imat.convert('swapped');
    await world.sql(`BEGIN; ALTER TABLE two_1 NO INHERIT two; ALTER TABLE two_1 RENAME g TO x;
      ALTER TABLE two_1 RENAME v TO g; ALTER TABLE two_1 RENAME x TO v; COMMIT`);
    expect(await outcomeOf(world.imat.fold('swapped'))).not.toBeInstanceOf(Error);
    await expectExact(world, swapped);
  });
});

describe('partitions', () => {
  beforeEach(async () => {
    world = await makePartitioned();
    await world.sql(`${OTHER} PARTITION BY RANGE (id)`);
  });

  const away = (part: string): string[] => [
    `ALTER TABLE sale DETACH PARTITION ${part}`,
    `ALTER TABLE other ATTACH PARTITION ${part} DEFAULT`,
    WRITE,
  ];
  test.each([
    ['one that stays there', away('sale_1')],
    ['one that has partitions', away('sale_2')],
    ['one that has left there', [...away('sale_1'), 'ALTER TABLE other DETACH PARTITION sale_1']],
    [
      'one that has partitions, and has left there',
      [...away('sale_2'), 'ALTER TABLE other DETACH PARTITION sale_2'],
    ],
    [
      'one that comes back',
      [
        ...away('sale_1'),
        'ALTER TABLE other DETACH PARTITION sale_1',
        'ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (0) TO (100)',
      ],
    ],
  ])('%s', (_what, statements) => expectExactAfter(statements));
});
