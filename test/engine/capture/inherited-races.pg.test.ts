/** Tables that inherit come and go beside writers, and beside convert and repair. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Progress } from '../../../engine/index.ts';
import { sqlAtOnce } from '../commands/support/at-once.ts';
import {
  expectExact,
  outcomeOf,
  until,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';
import { useInheritedWorlds } from './support/inherited.ts';
import { ALL, maintain } from './support/partitioned.ts';

const makeWorld = useInheritedWorlds();
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

const BY_ROOT = 'UPDATE sale SET amount = amount + 100 WHERE id > 2';

test.each(['READ COMMITTED', 'REPEATABLE READ'])(
  'an update by the root waits for a table while another one goes, which it writes to: %s',
  async (isolation) => {
    await world.sql(`CREATE TABLE sale_z () INHERITS (sale);
      INSERT INTO sale_z VALUES (900, 'a', 1)`);
    await maintain(world);
    const [index, writer] = [await world.session(), await world.session()];
    await index.sql('BEGIN; CREATE INDEX ON sale_1 (id)');
    await writer.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
    const written = outcomeOf(writer.sql(BY_ROOT));
    await untilBlocked(world, writer.pid);
    await world.sql('ALTER TABLE sale_z NO INHERIT sale');
    expect(await world.value('SELECT imat_catalog.follow_any_part()')).toBe(false);
    await expectExact(world, ALL);
    await index.sql('COMMIT');
    expect(await written).not.toBeInstanceOf(Error);
    await writer.sql('COMMIT');
    expect(await world.value('SELECT max(amount)::text FROM sale_z')).toBe('101.00');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  },
);

test('a late writer by another parent reaches a table that has come from there', async () => {
  await world.sql(`CREATE TABLE other (id int NOT NULL, kind text, amount numeric(10,2));
    CREATE TABLE other_1 () INHERITS (other); CREATE TABLE other_2 () INHERITS (other);
    INSERT INTO other_2 VALUES (900, 'a', 1)`);
  const [index, writer] = [await world.session(), await world.session()];
  await index.sql('BEGIN; CREATE INDEX ON other_1 (id)');
  const written = outcomeOf(writer.sql('UPDATE other SET amount = 101'));
  await untilBlocked(world, writer.pid);
  await world.sql('ALTER TABLE other_2 NO INHERIT other; ALTER TABLE other_2 INHERIT sale');
  expect(await world.value('SELECT imat_catalog.follow_any_part()')).toBe(false);
  await expectExact(world, ALL);
  await index.sql('COMMIT');
  expect(await written).not.toBeInstanceOf(Error);
  expect(await world.value('SELECT max(amount)::text FROM other_2')).toBe('101.00');
  await maintain(world);
  await expectExact(world, ALL);
});

test('one that goes is followed beside those who begin to write later, by name too', async () => {
  await world.sql('ALTER TABLE sale_2a NO INHERIT sale_2');
  const writers = [await world.session(), await world.session()];
  let ended = false;
  const written = Promise.all(
    writers.map(async (writer, i) => {
      while (!ended)
        await writer.sql(`BEGIN; UPDATE sale SET amount = amount WHERE id = ${i}; COMMIT`);
    }),
  );
  // A writer may need longer than a call waits for it.
  await until('it is followed', () => world.value('SELECT imat_catalog.follow_any_part()'));
  ended = true;
  await written;
  await expectExact(world, ALL);
});

test('names change hands while a writer keeps its snapshot', async () => {
  await world.sql(`CREATE TABLE sale_new (LIKE sale); INSERT INTO sale_new VALUES (900, 'a', 1)`);
  const writer = await world.session();
  await writer.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM product');
  await world.sql(`BEGIN; ALTER TABLE sale_2a NO INHERIT sale_2;
    ALTER TABLE sale_2a RENAME TO sale_old; ALTER TABLE sale_new RENAME TO sale_2a;
    ALTER TABLE sale_2a INHERIT sale_2; COMMIT`);
  await writer.sql(BY_ROOT);
  await expectExact(writer, ALL);
  await writer.sql('COMMIT');
  await expectExact(world, ALL);
  await maintain(world);
  await expectExact(world, ALL);
});

const PLAIN = {
  name: 'plain_sum',
  definition: 'SELECT g, sum(v) AS v FROM public.plain GROUP BY g',
};

test.each([
  ['convert', 'installing capture'],
  ['convert', 'loading'],
  ['repair', 'installing capture'],
  ['repair', 'loading'],
] as const)('%s, and the first table below comes meanwhile: %s', async (command, when) => {
  await world.sql(`CREATE TABLE plain (g int, v int); INSERT INTO plain VALUES (1, 1), (2, 2);
    CREATE MATERIALIZED VIEW plain_sum AS ${PLAIN.definition}`);
  if (command === 'repair') await world.imat.convert('plain_sum');
  let created = false;
  const onProgress = ({ label }: Progress): void => {
    if (!label.endsWith(when) || created) return;
    created = true;
    sqlAtOnce(world.url, 'CREATE TABLE below () INHERITS (plain)');
  };
  const outcome = await outcomeOf<unknown>(world.imat[command]('plain_sum', { onProgress }));
  await world.sql('INSERT INTO below VALUES (1, 10)');
  expect(outcome).toMatchObject({ condition: 'contention' });
  await world.imat[command]('plain_sum');
  await expectExact(world, PLAIN);
  await world.sql('UPDATE plain SET v = v + 1; INSERT INTO below VALUES (3, 3)');
  await expectExact(world, PLAIN);
});
