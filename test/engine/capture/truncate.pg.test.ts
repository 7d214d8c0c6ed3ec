/** TRUNCATE: the one write that PostgreSQL itself does not do by snapshot. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createImat } from '../../../engine/index.ts';
import {
  type Checked,
  useWorlds,
  expectExact,
  outcomeOf,
  until,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

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
const TOTAL: Checked = {
  name: 'total',
  definition: 'SELECT count(*) AS n, sum(amount) AS total FROM public.sale WHERE amount > 5',
};
const BAG: Checked = {
  name: 'bag',
  definition:
    'SELECT p.kind, s.product_id FROM public.sale s JOIN public.product p ON p.id = s.product_id',
};
const LARGE: Checked = {
  name: 'large',
  definition: `SELECT product_id, count(*) AS n FROM public.sale GROUP BY product_id
        HAVING sum(amount) > 450`,
};
const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY amount) AS place FROM public.sale`,
};
const ALL = [JOINED, SUMMED, TOTAL, BAG, LARGE, RANKED];

const makeWorld = useWorlds(
  `CREATE TABLE product (id int PRIMARY KEY, kind text);
   CREATE TABLE sale (id int PRIMARY KEY, product_id int, amount numeric(10,2));
   INSERT INTO product SELECT i, 'k' || i % 3 FROM generate_series(1, 10) AS i;
   INSERT INTO sale SELECT i, 1 + i % 10, i FROM generate_series(1, 100) AS i`,
  ALL,
);
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

const foldAndSwap = async (): Promise<void> => {
  await foldAll(world.imat);
  await world.imat.swap('ranked');
};
const resets = (): Promise<string> => world.value('SELECT count(*) FROM imat_store.reset');

describe.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])('%s', (isolation) => {
  test('the transaction itself reads what it has made of the tables', async () => {
    const writer = await world.session();
    await writer.sql(`BEGIN ISOLATION LEVEL ${isolation}; SELECT FROM product`);
    await writer.sql('INSERT INTO sale VALUES (1000, 1, 7)');
    await expectExact(writer, ALL);
    await writer.sql('TRUNCATE sale');
    await expectExact(writer, ALL);
    await writer.sql('INSERT INTO sale VALUES (2000, 2, 8), (2001, 2, 500)');
    await expectExact(writer, ALL);
    await writer.sql('SAVEPOINT s; TRUNCATE product; INSERT INTO product VALUES (2, NULL)');
    await expectExact(writer, ALL);
    await writer.sql('ROLLBACK TO s; UPDATE product SET kind = $$x$$ WHERE id = 2');
    await expectExact(writer, ALL);
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    await world.sql('DELETE FROM product WHERE id = 3');
    await expectExact(world, ALL);
    await foldAndSwap();
    await expectExact(world, ALL);
    expect(await resets()).toBe('0');
    await world.sql('INSERT INTO sale VALUES (2002, 4, 1)');
    await expectExact(world, ALL);
  });

  test('rows that the transaction cannot see go as well', async () => {
    const truncater = await world.session();
    await truncater.sql(`BEGIN ISOLATION LEVEL ${isolation}; SELECT FROM product`);
    await world.sql(
      `INSERT INTO sale VALUES (1000, 1, 7);
        DELETE FROM sale WHERE id = 5;
        UPDATE sale SET amount = 1000 WHERE id = 6`,
    );
    await truncater.sql('TRUNCATE sale; INSERT INTO sale VALUES (2000, 2, 8)');
    await expectExact(truncater, ALL);
    await truncater.sql('COMMIT');
    await expectExact(world, ALL);
    await foldAndSwap();
    await expectExact(world, ALL);
  });
});

test('a TRUNCATE that is rolled back leaves nothing', async () => {
  await world.sql('BEGIN; TRUNCATE sale, product; ROLLBACK; INSERT INTO sale VALUES (1000, 1, 7)');
  expect(await resets()).toBe('0');
  await expectExact(world, ALL);
  await world.sql('BEGIN; SAVEPOINT s; TRUNCATE sale; ROLLBACK TO s; COMMIT');
  expect(await resets()).toBe('0');
  await expectExact(world, ALL);
});

test('other sources change while one is truncated', async () => {
  const [truncater, writer] = [await world.session(), await world.session()];
  await truncater.sql('BEGIN; TRUNCATE product; INSERT INTO product VALUES (1, $$new$$)');
  await writer.sql('BEGIN; INSERT INTO sale VALUES (1000, 1, 7); DELETE FROM sale WHERE id < 20');
  await expectExact(world, [SUMMED, TOTAL, LARGE, RANKED]);
  await truncater.sql('COMMIT');
  await expectExact(writer, ALL);
  await foldAndSwap();
  await expectExact(writer, ALL);
  await writer.sql('COMMIT');
  await expectExact(world, ALL);
  await foldAndSwap();
  await expectExact(world, ALL);
});

describe('a snapshot that is older than the TRUNCATE', () => {
  test('still sees the rows in an imat that reads no other table', async () => {
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const before = await reader.rows('SELECT * FROM imat.summed ORDER BY 1');
    await world.sql('TRUNCATE sale');
    expect(await reader.rows('SELECT * FROM imat.summed ORDER BY 1')).toEqual(before);
    await foldAll(world.imat);
    expect(await reader.rows('SELECT * FROM imat.summed ORDER BY 1')).toEqual(before);
  });

  test('reads a join with pending rows as PostgreSQL does', async () => {
    await world.sql('INSERT INTO sale VALUES (1000, 1, 7)');
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM sale');
    await world.sql('TRUNCATE product');
    await expectExact(reader, [JOINED, BAG]);
  });
});

test('many tables in one TRUNCATE, and one that a foreign key adds', async () => {
  await world.sql('ALTER TABLE sale ADD FOREIGN KEY (product_id) REFERENCES product');
  await world.sql('TRUNCATE product CASCADE');
  await expectExact(world, ALL);
  await world.sql('INSERT INTO product VALUES (1, $$a$$); INSERT INTO sale VALUES (1, 1, 500)');
  await foldAndSwap();
  await world.sql('TRUNCATE sale, product');
  await expectExact(world, ALL);
  await foldAndSwap();
  await expectExact(world, ALL);
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
    await foldAll(world.imat);
    await expectExact(world, ALL);
  });
});

describe('rights', () => {
  test('the table of an ordinary role, which gets another owner', async () => {
    const [owner, next] = [await world.role(), await world.role()];
    await world.sql(`ALTER TABLE sale OWNER TO ${owner}`);
    await world.imat.revert('summed');
    for (const { name } of ALL.filter((one) => one !== SUMMED)) await world.imat.revert(name);
    for (const { name } of ALL) await world.imat.convert(name);
    for (const role of [owner, next]) {
      await world.sql(`ALTER TABLE sale OWNER TO ${role}; GRANT USAGE ON SCHEMA public TO ${role}`);
      const writer = await world.session(role);
      await writer.sql('TRUNCATE sale; INSERT INTO sale VALUES (2000, 2, 8)');
      await writer.sql('SET row_security = off; TRUNCATE sale');
      await expectExact(world, ALL);
      await foldAndSwap();
      await expectExact(world, ALL);
    }
  });

  test('a role that captures one table cannot mark another', async () => {
    const owner = await world.role();
    await world.sql(`CREATE TABLE theirs (i int); ALTER TABLE theirs OWNER TO ${owner};
      CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM theirs`);
    await world.imat.convert('counted');
    const theirs = await world.session(owner);
    await theirs.sql(`INSERT INTO imat_store.reset (relation) VALUES ('public.theirs')`);
    for (const statement of [
      `INSERT INTO imat_store.reset (relation) VALUES ('public.sale')`,
      `INSERT INTO imat_store.reset (relation, xid) VALUES ('public.theirs', '3')`,
      'DELETE FROM imat_store.reset',
      'SELECT * FROM imat_store.reset',
      `SELECT * FROM imat_store.computed_summed(gen_random_uuid())`,
      `SELECT * FROM imat_store.computed_summed(NULL)`,
      `SELECT * FROM imat_store.answered_summed(gen_random_uuid())`,
      `SELECT * FROM imat_store.answered_summed(NULL)`,
    ])
      await expect(theirs.sql(statement), statement).rejects.toThrow(
        /permission denied|does not capture|only the view/,
      );
  });

  test('a reader needs no right but that on the imat', async () => {
    const role = await world.role();
    await world.sql(`GRANT SELECT ON imat.joined, imat.bag TO ${role}; TRUNCATE product`);
    const reader = await world.session(role);
    expect(await reader.rows('SELECT * FROM imat.joined')).toEqual([]);
    expect(await reader.rows('SELECT * FROM imat.bag')).toEqual([]);
  });

  test('row security forced on the owner later: an error in place of a wrong answer', async () => {
    for (const { name } of ALL) await world.imat.revert(name);
    const role = await world.role();
    const database = await world.value<string>('SELECT current_database()');
    await world.sql(
      `GRANT CREATE, TEMPORARY ON DATABASE ${database} TO ${role};
        GRANT ALL ON SCHEMA public TO ${role}`,
    );
    const owner = await world.session(role);
    const imat = createImat(owner.db);
    await owner.sql(`CREATE TABLE own (i int, g text); INSERT INTO own VALUES (1, 'a'), (2, 'b')`);
    await imat.create('counted', 'SELECT g, count(*) AS n FROM public.own GROUP BY g');
    await owner.sql(`ALTER TABLE own ENABLE ROW LEVEL SECURITY;
      ALTER TABLE own FORCE ROW LEVEL SECURITY;
      CREATE POLICY p ON own USING (g = 'a' OR current_user <> '${role}')`);
    const counted: Checked = {
      name: 'counted',
      definition: 'SELECT g, count(*) AS n FROM public.own GROUP BY g',
    };
    await world.sql(`INSERT INTO own VALUES (3, 'b'), (4, 'a'); DELETE FROM own WHERE i = 2`);
    await expectExact(world, counted);
    await world.sql(`TRUNCATE own; INSERT INTO own VALUES (5, 'b')`);
    await expect(world.rows('SELECT * FROM imat.counted')).rejects.toThrow(/row-level security/);
    await foldAll(imat);
    await expect(world.rows('SELECT * FROM imat.counted')).rejects.toThrow(/is broken/);
    await expect(imat.fold('counted')).rejects.toMatchObject({ condition: 'broken' });
    await owner.sql('ALTER TABLE own NO FORCE ROW LEVEL SECURITY');
    await imat.repair('counted');
    await expectExact(world, counted);
    await foldAll(imat);
    await expectExact(world, counted);
    await imat.revert('counted');
  });
});

test('taking capture away ends no writer who truncates by a deadlock', async () => {
  const [writer, other] = [await world.session(), await world.program()];
  await world.sql('CREATE TABLE visit (id int, page text)');
  await world.imat.create('visits', 'SELECT page, count(*) AS n FROM public.visit GROUP BY page');
  for (let round = 0; round < 5; round++) {
    await writer.sql("BEGIN; INSERT INTO visit VALUES (1, 'a')");
    const reverted = outcomeOf(other.imat.revert('visits'));
    await untilBlocked(world, other.pid);
    await writer.sql('TRUNCATE visit');
    await writer.sql('COMMIT');
    expect(await reverted).not.toBeInstanceOf(Error);
    await world.imat.create('visits', 'SELECT page, count(*) AS n FROM public.visit GROUP BY page');
  }
});
