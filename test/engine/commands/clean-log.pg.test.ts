/** Which folded rows a fold deletes from the logs. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPreparedWorld, expectExact } from './support/world.ts';
import type { Checked, World } from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMMED: Checked = {
  name: 'summed',
  definition: 'SELECT region, count(*) AS n, sum(amount) AS total FROM public.sale GROUP BY region',
};
const JOINED: Checked = {
  name: 'joined',
  definition: `SELECT p.kind, s.region, sum(s.amount) AS total
    FROM public.sale s JOIN public.product p ON p.id = s.product_id
    GROUP BY p.kind, s.region`,
};
const LISTED: Checked = {
  name: 'listed',
  definition: 'SELECT region, product_id FROM public.sale',
};
const ALL = [SUMMED, JOINED, LISTED];

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE product (id int PRIMARY KEY, kind text);
    CREATE TABLE sale (id int PRIMARY KEY, region text, product_id int, amount numeric(10,2))`);
  for (const { name, definition } of ALL) await world.imat.create(name, definition);
});
afterAll(() => world.drop());
/** A hundred sales that are folded, and changes on both sides that are not. */
beforeEach(async () => {
  await world.sql(`DELETE FROM product;
    DELETE FROM sale;
    INSERT INTO product SELECT i, 'k' || i % 3 FROM generate_series(1, 10) AS i;
    INSERT INTO sale SELECT i, 'r' || i % 5, 1 + i % 10, i FROM generate_series(1, 100) AS i`);
  for (const { name } of ALL) await world.sql(`CALL imat.fold('${name}')`);
  await world.sql(
    `INSERT INTO sale SELECT i, 'r' || i % 7, 1 + i % 10, i FROM generate_series(101, 150) AS i;
     UPDATE product SET kind = 'k0' WHERE id < 4;
     DELETE FROM sale WHERE id % 9 = 0`,
  );
});

const pending = (name = 'joined'): Promise<string> =>
  world.value(`SELECT pending_rows FROM imat_catalog.status WHERE name = '${name}'`);

describe('cleaning', () => {
  const rows = (): Promise<number> =>
    world.value<number>('SELECT count(*)::int FROM imat_store.log_public_sale');

  test('waits for the slowest imat on a source, and keeps a hundred rows', async () => {
    await world.sql(`INSERT INTO sale SELECT i, 'x', 1, 1 FROM generate_series(10000, 12000) AS i`);
    await world.imat.fold('joined');
    await world.imat.fold('summed');
    expect(await rows()).toBeGreaterThan(2000);
    await world.imat.fold('listed');
    expect(await rows()).toBeLessThanOrEqual(100);
    await expectExact(world, ALL);
  });

  test('does not wait for an imat whose answer depends on the moment', async () => {
    await world.sql('CREATE TABLE visit (at timestamptz, page int)');
    await world.imat.create(
      'recent',
      `SELECT count(*) AS n FROM public.visit, public.sale 
       WHERE extract(hour FROM now() - at) < 24`,
    );
    expect(await world.value(`SELECT to_regclass('imat_store.log_public_visit')`)).toBeNull();
    await world.sql(`INSERT INTO sale SELECT i, 'x', 1, 1 FROM generate_series(10000, 11000) AS i`);
    await foldAll(world.imat);
    expect(await rows()).toBeLessThanOrEqual(100);
    expect(await pending('recent')).toBe('0');
    await world.sql('INSERT INTO visit VALUES (now(), 1)');
    expect(await world.value('SELECT n = (SELECT count(*) FROM sale) FROM imat.recent')).toBe(true);
    await world.imat.create('visits', 'SELECT page, count(*) AS n FROM public.visit GROUP BY page');
    await world.imat.revert('visits');
    expect(await world.value(`SELECT to_regclass('imat_store.log_public_visit')`)).toBeNull();
    await world.imat.revert('recent');
    await world.sql('DROP TABLE visit');
  });

  test.each([
    ['clean_log', 'read committed', `SELECT imat_catalog.clean_log('sale'::regclass)`],
    ['upkeep', 'repeatable read', 'CALL imat_catalog.upkeep()'],
    ['upkeep', 'serializable', 'CALL imat_catalog.upkeep()'],
  ])('does not wait for an install that was interrupted: %s under %s', async (_, level, clean) => {
    await world.sql(`
      INSERT INTO imat_catalog.imat (name, strategy, freshness, state, definition, watchable,
        reasons, notes, untrusted, dependence)
      VALUES ('interrupted', 'delta', 'live', 'installing', '', true,
        '[]', '[]', false, 'tables');
      INSERT INTO imat_catalog.imat_source SELECT id, 'sale', '{1}' FROM imat_catalog.imat
        WHERE name = 'interrupted';
      INSERT INTO sale SELECT i, 'x', 1, 1 FROM generate_series(10000, 11000) AS i`);
    const installer = await world.session();
    const lock = 'advisory_lock(imat_catalog.lock_class(), id) FROM imat_catalog.imat';
    await installer.sql(`SELECT pg_${lock} WHERE name = 'interrupted'`);
    await foldAll(world.imat);
    expect(await rows()).toBeGreaterThan(1000);
    await installer.sql(`SELECT pg_advisory_unlock_all()`);
    await installer.sql(`SET default_transaction_isolation = '${level}'`);
    await installer.sql(clean);
    expect(await rows()).toBeLessThanOrEqual(100);
    await world.sql(`DELETE FROM imat_catalog.imat_source z USING imat_catalog.imat i
        WHERE z.imat_id = i.id AND i.name = 'interrupted';
      DELETE FROM imat_catalog.imat WHERE name = 'interrupted'`);
    await expectExact(world, ALL);
  });

  test('takes nothing that a transaction which began before still sees', async () => {
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await expectExact(reader, ALL);
    const seen = await reader.rows('SELECT * FROM imat.joined ORDER BY 1, 2');
    await world.sql(`INSERT INTO sale SELECT i, 'x', 1, 1 FROM generate_series(10000, 11000) AS i`);
    await foldAll(world.imat);
    await world.sql('DELETE FROM sale WHERE id % 2 = 0');
    await foldAll(world.imat);
    await expectExact(reader, ALL);
    expect(await reader.rows('SELECT * FROM imat.joined ORDER BY 1, 2')).toEqual(seen);
    await reader.sql('COMMIT');
    await expectExact(reader, ALL);
  });

  test('is not held up by an open writer, whose rows stay', async () => {
    const writer = await world.session();
    await writer.sql(`BEGIN; INSERT INTO sale VALUES (5000, 'open', 1, 1)`);
    await world.sql(`INSERT INTO sale SELECT i, 'x', 1, 1 FROM generate_series(10000, 11000) AS i`);
    await foldAll(world.imat);
    expect(await rows()).toBeLessThanOrEqual(100);
    await expectExact(writer, ALL);
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    expect(await pending()).toBe('1');
    await foldAll(world.imat);
    await expectExact(world, ALL);
  });
});
