/**
 * Installing and removing imats while others write: nobody fails, nobody waits long, nothing is
 * missed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConvertOptions } from '../../../engine/api.ts';
import { catalogListing } from './support/listing.ts';
import { chanceOf } from '../../../tools/chance.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  outcomeOf,
  type Session,
  until,
  untilBlocked,
  type World,
} from './support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TOTALS: Checked = {
  name: 'totals',
  definition: 'SELECT region, count(*) AS n, sum(amount) AS total FROM public.sale GROUP BY region',
};
const JOINED: Checked = {
  name: 'joined',
  definition: `SELECT p.kind, count(*) AS n, sum(s.amount * s.qty) AS total
    FROM public.sale s JOIN public.product p ON p.id = s.product_id
    GROUP BY p.kind`,
};
const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY price) AS place FROM public.product`,
};
const PRICED: Checked = {
  name: 'priced',
  definition: 'SELECT price, kind FROM public.product WHERE price > 3',
};

let world: World;
let installed: string[];
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE DOMAIN money_d AS numeric(10,2) NOT NULL CHECK (VALUE > -1000000);
    CREATE TABLE product (id int PRIMARY KEY, kind text NOT NULL, price money_d);
    CREATE TABLE sale (
      id bigint PRIMARY KEY, region text, product_id int, amount numeric(10,2), qty int NOT NULL,
      note text
    );
    INSERT INTO product SELECT i, 'k' || i % 3, i % 7 FROM generate_series(1, 20) AS i;
    INSERT INTO sale
    SELECT i, 'r' || i % 5, 1 + i % 20, i % 50, i % 3 FROM generate_series(1, 2000) AS i`);
  await world.imat.init();
  installed = await catalogListing(world.db);
});
afterAll(() => world.drop());

const sessions: Session[] = [];
async function open(): Promise<Session> {
  const session = await world.session();
  sessions.push(session);
  return session;
}
/** A test that failed must not make the next ones fail. */
afterEach(async () => {
  await Promise.all(
    sessions.splice(0).map((session) =>
      session
        .sql('ROLLBACK')
        .then(() => session.db.close())
        .catch(() => undefined),
    ),
  );
  for (const { name } of await world.imat.list()) await world.imat.revert(name);
});

/**
 * Runs `body` while four writers write, each to rows of its own, in transactions of one to four
 * statements; `allWrite` resolves when each has written ten more. A statement that fails fails the
 * test.
 */
async function underLoad(
  seed: number,
  body: (allWrite: () => Promise<void>) => Promise<void>,
): Promise<void> {
  let running = true;
  const writes = [0, 0, 0, 0];
  const allWrite = async (): Promise<void> => {
    const before = [...writes];
    await until('every writer has written', async () =>
      writes.every((count, index) => !running || count >= (before[index] ?? 0) + 10),
    );
  };
  const writer = async (index: number): Promise<void> => {
    const chance = chanceOf(seed * 10 + index);
    const session = await open();
    let next = 1_000_000 * seed + 100_000 * (index + 1);
    while (running) {
      await session.sql('BEGIN');
      for (let step = chance.int(1, 4); step > 0; step--) {
        const some = `id BETWEEN ${next - chance.int(1, 30)} AND ${next}`;
        const own = `id = ${4 * chance.int(1, 5) - index}`;
        await session.sql(
          chance.pick([
            `INSERT INTO sale
             SELECT i, 'w' || i % 4, 1 + i % 20, i % 40, i % 3, 'n'
             FROM generate_series(${next + 1}, ${(next += chance.int(1, 6))}) AS i`,
            `UPDATE sale SET amount = amount + 1, qty = qty + 1 WHERE ${some}`,
            `UPDATE sale SET product_id = 21 - product_id, region = NULL WHERE ${some}`,
            `DELETE FROM sale WHERE ${some} AND id % 3 = 0`,
            `UPDATE product SET price = price + 1 WHERE ${own}`,
            `UPDATE product SET kind = 'k${chance.int(0, 4)}' WHERE ${own}`,
          ]),
        );
        writes[index] = (writes[index] ?? 0) + 1;
      }
      await session.sql(chance.in100(80) ? 'COMMIT' : 'ROLLBACK');
      await sleep(chance.int(1, 20));
    }
  };
  const writers = Promise.all([0, 1, 2, 3].map(writer)).finally(() => (running = false));
  writers.catch(() => undefined);
  try {
    await body(allWrite);
    await allWrite();
  } finally {
    running = false;
  }
  await writers;
}

async function install(imat: Checked, options: Omit<ConvertOptions, 'name'> = {}): Promise<void> {
  await world.imat.create(imat.name, imat.definition, options);
  await expectExact(world, imat, 'just made');
}

describe('under load', () => {
  test.each([1, 2, 3])(
    'imats come and go, round %i: no writer fails, every imat is exact',
    async (round) => {
      const twin = { ...TOTALS, name: 'totals2' };
      const columnsOfProduct = (): Promise<string | null> =>
        world.value(
          `SELECT columns::text FROM imat_catalog.source WHERE relation = 'product'::regclass`,
        );
      await underLoad(round, async () => {
        // The first brings capture; the second needs nothing more; the third new columns and
        // another source; then a source of marks, which the fifth turns into one of rows, with a
        // column of a domain that allows no NULL.
        await install(TOTALS);
        await install(twin);
        await install(JOINED);
        await expectExact(world, [TOTALS, twin, JOINED]);
        await world.imat.revert('joined');
        await install(RANKED);
        expect(await columnsOfProduct()).toBe(null);
        await install(PRICED);
        expect(await columnsOfProduct()).toBe('{1,2,3}');
        await install(JOINED);
        await expectExact(world, [TOTALS, twin, JOINED, RANKED, PRICED]);
        await foldAll(world.imat);
        await world.imat.swap('ranked');
        const order = [TOTALS, PRICED, JOINED, twin, RANKED];
        await expectExact(world, order);
        for (const [index, { name }] of order.entries()) {
          await world.imat.revert(name);
          await expectExact(world, order.slice(index + 1), `without ${name}`);
        }
      });
      expect(await catalogListing(world.db)).toEqual(installed);
    },
  );

  test('reverted while it is folded and read, made again at once', async () => {
    let running = true;
    const [folder, reader] = [await open(), await open()];
    const acceptable = /^(42P01|42704|IM017|3F000|XX000)$/;
    const using = async (session: Session, statement: string): Promise<void> => {
      while (running) {
        const outcome = await outcomeOf(session.sql(statement));
        // Gone, not loaded yet, or going: errors, but never waits or wrong answers.
        if (outcome instanceof Error)
          expect('sqlstate' in outcome ? outcome.sqlstate : outcome.message).toMatch(acceptable);
      }
    };
    await underLoad(4, async () => {
      const users = Promise.all([
        using(folder, `CALL imat.fold('joined')`),
        using(reader, 'SELECT count(*) FROM imat.joined'),
      ]);
      users.catch(() => undefined);
      try {
        for (let round = 0; round < 5; round++) {
          await install(JOINED);
          await expectExact(world, JOINED);
          await world.imat.revert('joined');
        }
      } finally {
        running = false;
      }
      await users;
    });
    expect(await catalogListing(world.db)).toEqual(installed);
  });
});

describe('a writer that stays open', () => {
  test('makes convert wait and at last give up, and nothing is left', async () => {
    const idle = await open();
    await idle.sql('BEGIN; INSERT INTO product VALUES (21, $$idle$$, 1)');
    await underLoad(5, async (allWrite) => {
      const program = await world.program();
      // The other source can be had, and is given back.
      const made = outcomeOf(program.imat.create('joined', JOINED.definition));
      await Promise.race([untilBlocked(world, program.pid), made]);
      // The open transaction ends when these have returned: who waited for it would not return.
      await allWrite();
      expect(await made).toMatchObject({ condition: 'contention', category: 'transient' });
    });
    await idle.sql('ROLLBACK');
    expect(await catalogListing(world.db)).toEqual(installed);
    await install(JOINED);
    await world.imat.revert('joined');
  });

  test('does not matter to an imat whose sources are captured already', async () => {
    await install(JOINED);
    const idle = await open();
    await idle.sql(
      `BEGIN;
       INSERT INTO sale VALUES (5, $$idle$$, 1, 1, 1) ON CONFLICT (id) DO UPDATE SET amount = 12345;
       UPDATE product SET kind = $$idle$$ WHERE id = 3`,
    );
    const second = { ...JOINED, name: 'second' };
    // It would not return if it waited for the open transaction.
    await install(second);
    await expectExact(idle, [JOINED, second]);
    await foldAll(world.imat);
    await idle.sql('COMMIT');
    await expectExact(world, [JOINED, second]);
    await foldAll(world.imat);
    await expectExact(world, [JOINED, second]);
    await world.imat.revert('second');
    await world.imat.revert('joined');
  });

  test('a prepared transaction counts as one', async () => {
    const gid = `load-${Date.now()}`;
    await world.sql(
      `BEGIN; UPDATE sale SET amount = 777 WHERE id = 3; PREPARE TRANSACTION '${gid}'`,
    );
    const program = await world.program();
    const made = outcomeOf(program.imat.create('totals', TOTALS.definition));
    await untilBlocked(world, program.pid);
    await world.sql(`COMMIT PREPARED '${gid}'`);
    expect(await made).toMatchObject({ strategy: 'delta' });
    await expectExact(world, TOTALS);
    await world.imat.revert('totals');
  });
});

test('a reader of a source makes revert wait; cut off there, the next revert goes on', async () => {
  await install(TOTALS);
  const reader = await open();
  await reader.sql('BEGIN; SELECT count(*) FROM sale');
  const program = await world.program();
  const outcome = outcomeOf(program.imat.revert('totals'));
  await untilBlocked(world, program.pid);
  // The imat is gone, capture is not; writers go on between the attempts.
  await world.sql(`INSERT INTO sale VALUES (9000000, 'x', 1, 1, 1)`);
  await world.value(`SELECT pg_terminate_backend(${program.pid}, 5000)`);
  expect(await outcome).toMatchObject({ condition: 'connection_failed' });
  expect((await world.imat.list()).map((imat) => imat.state)).toEqual(['reverting']);
  expect(
    await world.rows(
      `SELECT FROM pg_trigger WHERE tgrelid = 'sale'::regclass AND NOT tgisinternal`,
    ),
  ).not.toEqual([]);
  await reader.sql('COMMIT');
  await world.sql('DELETE FROM sale WHERE id = 9000000');
  await world.imat.revert('totals');
  expect(await catalogListing(world.db)).toEqual(installed);
});

describe('an imat that is being loaded', () => {
  /** Stops a convert after its snapshot, before it stores anything. */
  async function stopLoads(): Promise<{ go: () => Promise<void> }> {
    const keeper = await open();
    await keeper.sql(`CREATE FUNCTION stop_loads() RETURNS event_trigger
      LANGUAGE plpgsql
      AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77, 0); END $$;
      CREATE EVENT TRIGGER stop_loads ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS')
      EXECUTE FUNCTION stop_loads();
      SELECT pg_advisory_lock(77, 0)`);
    return {
      go: () =>
        keeper.sql(
          `SELECT pg_advisory_unlock(77, 0);
           DROP EVENT TRIGGER stop_loads;
           DROP FUNCTION stop_loads`,
        ),
    };
  }

  test('keeps the log from being cleaned of what its frontier will not have', async () => {
    await install(TOTALS);
    const { go } = await stopLoads();
    const program = await world.program();
    const made = outcomeOf(program.imat.create('second', TOTALS.definition));
    await untilBlocked(world, program.pid);
    await world.sql(
      `INSERT INTO sale SELECT i, 'late', 1, 1, 1 FROM generate_series(8000000, 8000500) AS i;
       DELETE FROM sale WHERE id BETWEEN 100 AND 300`,
    );
    // The first imat has taken it all in: were it alone, the log would be empty but for a hundred
    // rows.
    await world.imat.fold('totals');
    for (const source of ['sale', 'product'])
      await world.sql(`SELECT imat_catalog.clean_log('${source}'::regclass)`);
    expect(
      await world.value<number>('SELECT count(*)::int FROM imat_store.log_public_sale'),
    ).toBeGreaterThan(700);
    await go();
    expect(await made).toMatchObject({ strategy: 'delta' });
    const second = { ...TOTALS, name: 'second' };
    expect(
      await world.value(`SELECT pending_rows::int FROM imat_catalog.status WHERE name = 'second'`),
    ).toBeGreaterThan(700);
    await expectExact(world, [TOTALS, second]);
    await world.imat.fold('second');
    await expectExact(world, [TOTALS, second]);
    expect(
      await world.value<number>('SELECT count(*)::int FROM imat_store.log_public_sale'),
    ).toBeLessThanOrEqual(100);
    await world.imat.revert('second');
    await world.imat.revert('totals');
  });

  test('sees each change once: before its snapshot in the state, after it in the log', async () => {
    const { go } = await stopLoads();
    const program = await world.program();
    const made = outcomeOf(program.imat.create('joined', JOINED.definition));
    await untilBlocked(world, program.pid);
    const other = await open();
    await other.sql(
      `BEGIN;
       UPDATE product SET kind = 'open' WHERE id = 2;
       DELETE FROM sale WHERE id BETWEEN 301 AND 310`,
    );
    await world.sql(
      `INSERT INTO sale VALUES (8100000, 'late', 3, 9, 2);
       UPDATE product SET kind = 'late' WHERE id = 3`,
    );
    await go();
    expect(await made).toMatchObject({ strategy: 'delta' });
    await expectExact(world, JOINED);
    await expectExact(other, JOINED);
    await other.sql('COMMIT');
    await expectExact(world, JOINED);
    await world.imat.fold('joined');
    await expectExact(world, JOINED);
    await world.imat.revert('joined');
  });

  test.each(['delta', 'swap'] as const)(
    'begins again where a source is truncated between its snapshot and its first look (%s)',
    async (strategy) => {
      await install(JOINED);
      const truncater = await open();
      await truncater.sql('BEGIN; TRUNCATE product');
      const program = await world.program();
      const second = { ...JOINED, name: 'second' };
      const made = outcomeOf(
        program.imat.create('second', JOINED.definition, { strategy, freshness: 'live' }),
      );
      await untilBlocked(world, program.pid);
      await truncater.sql(
        `INSERT INTO product SELECT i, 'again', i FROM generate_series(1, 20) AS i; COMMIT`,
      );
      expect(await made).toMatchObject({ strategy });
      await expectExact(world, [JOINED, second]);
      await world.sql('DELETE FROM product WHERE id > 15; TRUNCATE product');
      await expectExact(world, [JOINED, second]);
      await foldAll(world.imat);
      await expectExact(world, [JOINED, second]);
      await world.sql(
        `INSERT INTO product SELECT i, 'k' || i % 3, i FROM generate_series(1, 20) AS i`,
      );
      await expectExact(world, [JOINED, second]);
      for (const name of ['second', 'joined']) await world.imat.revert(name);
    },
  );
});
