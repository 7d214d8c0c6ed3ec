import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, outcomeOf, until, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE product (id int PRIMARY KEY, kind text NOT NULL);
    CREATE TABLE sale (id bigint PRIMARY KEY, product_id int, amount numeric(10,2));
    INSERT INTO product SELECT i, 'k' || i % 3 FROM generate_series(1, 20) AS i;
    INSERT INTO sale SELECT i, 1 + i % 20, i % 50 FROM generate_series(1, 200) AS i;
    CREATE MATERIALIZED VIEW joined AS
    SELECT p.kind, count(*) AS n, sum(s.amount) AS total
    FROM public.sale s JOIN public.product p ON p.id = s.product_id
    GROUP BY p.kind;
    CREATE TABLE visit (page int, visitor int) PARTITION BY LIST (page);
    CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1, 2, 3);
    CREATE TABLE robot (page int, visitor int);
    INSERT INTO visit SELECT 1 + i % 3, i % 7 FROM generate_series(1, 60) AS i;
    INSERT INTO robot VALUES (1, 1), (2, NULL);
    CREATE TABLE visit_4 (page int, visitor int);
    INSERT INTO visit_4 VALUES (4, 1), (4, NULL);
    CREATE MATERIALIZED VIEW people AS
    SELECT page, visitor FROM public.visit EXCEPT ALL SELECT page, visitor FROM public.robot`);
});
afterAll(() => world.drop());

const untilItWaits = (pid: number): Promise<void> =>
  until(
    'verify waits',
    async () =>
      (await world.rows(`SELECT FROM pg_locks WHERE pid = ${pid} AND NOT granted`)).length > 0,
  );

test('a verify beside a TRUNCATE finds no difference that is none', async () => {
  await world.imat.convert('joined');
  const truncater = await world.session();
  await truncater.sql('BEGIN; TRUNCATE product');
  const program = await world.program();
  const verified = outcomeOf(program.imat.verify('joined'));
  await untilItWaits(program.pid);
  await truncater.sql('COMMIT');
  expect(await verified).toMatchObject({ results: [{ name: 'joined', equal: true, rows: 0 }] });
  await truncater.db.close();
});

// The imat is computed by a function, which is planned when it is called; the definition beside it
// was planned with the statement.
test('a partition that comes between planning and execution is no difference', async () => {
  await world.imat.convert('people');
  const source = await world.value<string>(
    `SELECT prosrc FROM pg_proc WHERE oid = 'imat_catalog.is_tree'::regproc`,
  );
  const waiting = source.replace(
    'BEGIN',
    `BEGIN
       IF current_setting('transaction_isolation') = 'repeatable read' THEN
         PERFORM pg_advisory_xact_lock_shared(1);
       END IF;`,
  );
  await world.sql(
    `CREATE OR REPLACE FUNCTION imat_catalog.is_tree(source regclass, parents oid[], parts oid[])
     RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog
     AS $body$${waiting}$body$`,
  );
  const other = await world.session();
  await other.sql('SELECT pg_advisory_lock(1)');
  const program = await world.program();
  const verified = outcomeOf(program.imat.verify('people'));
  await untilItWaits(program.pid);
  await other.sql('ALTER TABLE visit ATTACH PARTITION visit_4 FOR VALUES IN (4)');
  await other.sql('SELECT pg_advisory_unlock(1)');
  expect(await verified).toMatchObject({ results: [{ name: 'people', equal: true, rows: 61 }] });
  await other.db.close();
});
