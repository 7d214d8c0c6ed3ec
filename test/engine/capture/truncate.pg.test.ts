/** TRUNCATE: the one write that PostgreSQL itself does not do by snapshot. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Checked,
  createWorld,
  expectExact,
  outcomeOf,
  until,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';

const JOINED: Checked = {
  name: 'joined',
  definition: `SELECT p.kind, count(*) AS n, sum(s.amount) AS total
    FROM public.sale s JOIN public.product p ON p.id = s.product_id
    GROUP BY p.kind`,
};
const SUMMED: Checked = {
  name: 'summed',
  definition: 'SELECT product_id, sum(amount) AS total FROM public.sale GROUP BY product_id',
};
const RANKED: Checked = {
  name: 'ranked',
  definition: 'SELECT id, rank() OVER (ORDER BY amount) AS place FROM public.sale',
};
const ALL = [JOINED, SUMMED, RANKED];

let world: World;
beforeEach(async () => {
  const views = ALL.map(
    ({ name, definition }) => `CREATE MATERIALIZED VIEW ${name} AS ${definition};`,
  );
  world = await createWorld(`
    CREATE TABLE product (id int PRIMARY KEY, kind text);
    CREATE TABLE sale (id int PRIMARY KEY, product_id int, amount numeric(10,2));
    INSERT INTO product SELECT i, 'k' || i % 3 FROM generate_series(1, 10) AS i;
    INSERT INTO sale SELECT i, 1 + i % 10, i FROM generate_series(1, 100) AS i;
    ${views.join('\n')}`);
  for (const { name } of ALL) await world.imat.convert(name);
});
afterEach(() => world.drop());

describe('a TRUNCATE whose transaction cannot see all rows that it removes', () => {
  test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
    '%s: is refused, so that no row goes uncaptured',
    async (isolation) => {
      const truncater = await world.session();
      await truncater.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
      await truncater.value('SELECT count(*) FROM product');
      await world.sql(
        `INSERT INTO sale VALUES (1000, 1, 7);
         DELETE FROM sale WHERE id = 5;
         UPDATE sale SET amount = 1000 WHERE id = 6`,
      );
      await expect(truncater.sql('TRUNCATE sale')).rejects.toThrow(
        /truncated in READ COMMITTED transactions only/,
      );
      await truncater.sql('ROLLBACK');
      expect(await world.value('SELECT count(*) FROM sale')).toBe('100');
      await expectExact(world, ALL);
      await truncater.sql('BEGIN; TRUNCATE sale; INSERT INTO sale VALUES (2000, 2, 8)');
      await truncater.sql('COMMIT');
      await expectExact(world, ALL);
      await world.imat.fold();
      await expectExact(world, ALL);
    },
  );
});

describe('a TRUNCATE that comes between the snapshot of a fold and its reading', () => {
  test('waits for the fold', async () => {
    await world.sql('INSERT INTO sale VALUES (1000, 1, 7)');
    const holder = await world.session();
    // The fold is past its snapshot when it looks into a log.
    await holder.sql('BEGIN; LOCK TABLE imat_store.log_public_sale IN ACCESS EXCLUSIVE MODE');
    const folder = await world.program();
    const folded = outcomeOf(folder.imat.fold('joined'));
    await untilBlocked(world, folder.pid);
    const truncater = await world.session();
    const truncated = outcomeOf(truncater.sql('TRUNCATE product'));
    let hasEnded = false;
    void truncated.then(() => (hasEnded = true));
    const waiting = `SELECT FROM pg_locks WHERE pid = ${truncater.pid} AND NOT granted`;
    await until(
      'the TRUNCATE waits or has ended',
      async () => hasEnded || (await world.rows(waiting)).length > 0,
    );
    await holder.sql('COMMIT');
    expect(await folded).not.toBeInstanceOf(Error);
    expect(await truncated).not.toBeInstanceOf(Error);
    await world.sql(`INSERT INTO product SELECT i, 'k' || i % 3 FROM generate_series(1, 10) AS i`);
    await expectExact(world, ALL);
    await world.imat.fold();
    await expectExact(world, ALL);
  });
});
