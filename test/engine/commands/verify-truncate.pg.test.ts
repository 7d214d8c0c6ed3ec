import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, outcomeOf, until, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld(`
    CREATE TABLE product (id int PRIMARY KEY, kind text NOT NULL);
    CREATE TABLE sale (id bigint PRIMARY KEY, product_id int, amount numeric(10,2));
    INSERT INTO product SELECT i, 'k' || i % 3 FROM generate_series(1, 20) AS i;
    INSERT INTO sale SELECT i, 1 + i % 20, i % 50 FROM generate_series(1, 200) AS i;
    CREATE MATERIALIZED VIEW joined AS
    SELECT p.kind, count(*) AS n, sum(s.amount) AS total
    FROM public.sale s JOIN public.product p ON p.id = s.product_id
    GROUP BY p.kind`);
});
afterAll(() => world.drop());

test('a verify beside a TRUNCATE finds no difference that is none', async () => {
  await world.imat.convert('joined');
  const truncater = await world.session();
  await truncater.sql('BEGIN; TRUNCATE product');
  const program = await world.program();
  const verified = outcomeOf(program.imat.verify('joined'));
  await until(
    'verify waits',
    async () =>
      (await world.rows(`SELECT FROM pg_locks WHERE pid = ${program.pid} AND NOT granted`)).length >
      0,
  );
  await truncater.sql('COMMIT');
  expect(await verified).toMatchObject({ results: [{ name: 'joined', equal: true, rows: 0 }] });
  await truncater.db.close();
});
