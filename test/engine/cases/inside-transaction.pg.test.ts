/** Reading, folding and swapping inside of transactions, functions and triggers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createPreparedWorld,
  expectExact,
  type Session,
  type World,
} from '../commands/support/world.ts';

const TOTALS = { name: 'mv', definition: 'SELECT a, sum(b) AS s FROM public.t GROUP BY a' };

let world: World;
let session: Session;
beforeAll(async () => {
  world = await createPreparedWorld(`CREATE TABLE t (a int, b int);
    INSERT INTO t SELECT i % 5, i FROM generate_series(1, 50) AS i;
    CREATE MATERIALIZED VIEW mv AS ${TOTALS.definition}`);
  await world.imat.convert('mv');
  session = await world.session();
});
afterAll(() => world.drop());

const totalOf = (a: number): Promise<string> =>
  session.value<string>(`SELECT s FROM imat.mv WHERE a = ${a}`);

test.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
  'a transaction sees its own writes: %s',
  async (isolation) => {
    await session.sql(`BEGIN ISOLATION LEVEL ${isolation}; INSERT INTO t VALUES (77, 1)`);
    expect(await totalOf(77)).toBe('1');
    await session.sql('SAVEPOINT one; INSERT INTO t VALUES (77, 2)');
    expect(await totalOf(77)).toBe('3');
    await session.sql('ROLLBACK TO one');
    expect(await totalOf(77)).toBe('1');
    await session.sql('ROLLBACK');
    await expectExact(world, TOTALS);
  },
);

test.each([
  `BEGIN; INSERT INTO t VALUES (78, 1); CALL imat.fold('mv')`,
  `BEGIN; DO $$ BEGIN INSERT INTO t VALUES (78, 1); CALL imat.fold('mv'); END $$`,
])('fold in a transaction says what to do, and harms nothing: %s', async (statements) => {
  await expect(session.sql(statements)).rejects.toMatchObject({
    message: expect.stringMatching(/imat\.fold.*transaction/),
    hint: expect.any(String),
  });
  await session.sql('ROLLBACK');
  await expectExact(world, TOTALS);
  expect(await session.rows('SELECT FROM t WHERE a = 78')).toEqual([]);
});

test('a block that is no part of a transaction may call fold, which commits', async () => {
  await session.sql(`DO $$ BEGIN INSERT INTO t VALUES (79, 1); CALL imat.fold('mv'); END $$`);
  expect(await totalOf(79)).toBe('1');
  await expectExact(world, TOTALS);
});

test('a trigger may read the imat of its own table, as may a READ ONLY transaction', async () => {
  await session.sql(`
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
      $$BEGIN PERFORM s FROM imat.mv WHERE a = NEW.a; RETURN NULL; END$$;
    CREATE TRIGGER touch AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch();
    INSERT INTO t VALUES (80, 1), (80, 2)`);
  await expectExact(world, TOTALS);
  await session.sql('BEGIN READ ONLY');
  expect(await totalOf(80)).toBe('3');
  await session.sql('COMMIT');
});

test.each([
  ['nosuch', /no imat .*nosuch|nosuch.* does not exist/],
  ['public.mv', /public\.mv/],
  ['MV', /MV/],
])('fold of %s names what there is not', async (name, message) => {
  await expect(session.sql(`CALL imat.fold('${name}')`)).rejects.toMatchObject({
    message: expect.stringMatching(message),
  });
});
