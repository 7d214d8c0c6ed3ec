/**
 * Folds that meet each other, are cut off, cannot work, or are asked for where they must not run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createPreparedWorld,
  expectExact,
  outcomeOf,
  sqlstateOf,
  until,
  untilBlocked,
} from './support/world.ts';
import type { Checked, Session, World } from './support/world.ts';
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

/**
 * Stops folds before they look for what is pending (`log`) or before they store anything (`state`)
 * until `release` is called.
 */
async function stopFolds(at: 'log' | 'state'): Promise<{ release: () => Promise<void> }> {
  const holder = await world.session();
  await holder.sql(
    at === 'log'
      ? 'BEGIN; LOCK TABLE imat_store.log_public_sale IN ACCESS EXCLUSIVE MODE'
      : 'BEGIN; LOCK TABLE imat_store.state_joined IN SHARE MODE',
  );
  return { release: () => holder.sql('ROLLBACK') };
}

/** A server tells of an error before it has let go of what the transaction held. */
async function noLocksLeft(except: readonly number[] = []): Promise<void> {
  const left = `SELECT
    FROM pg_locks
    WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid <> ALL ('{${except.join(',')}}')`;
  await until('nobody holds an advisory lock', async () => (await world.rows(left)).length === 0);
}

describe('a fold that is cut off', () => {
  test.each(['log', 'state'] as const)(
    'by the end of its session, waiting for the %s',
    async (at) => {
      const { release } = await stopFolds(at);
      const folder = await world.session();
      const outcome = outcomeOf(folder.sql(`CALL imat.fold('joined')`));
      await untilBlocked(world, folder.pid);
      await world.value(`SELECT pg_terminate_backend(${folder.pid}, 5000)`);
      expect(await outcome).toMatchObject({ condition: 'connection_failed' });
      await release();
      await noLocksLeft();
      await expectExact(world, ALL);
      expect(await pending()).not.toBe('0');
      await foldAll(world.imat);
      expect(await pending()).toBe('0');
      await expectExact(world, ALL);
    },
  );

  test.each(['log', 'state'] as const)(
    'by statement_timeout, waiting for the %s; the same session folds afterwards',
    async (at) => {
      const { release } = await stopFolds(at);
      const folder = await world.session();
      await folder.sql(`SET statement_timeout = '200ms'`);
      expect(await sqlstateOf(folder.sql(`CALL imat.fold('joined')`))).toBe('57014');
      await release();
      await noLocksLeft();
      await folder.sql('RESET statement_timeout');
      await expectExact(folder, ALL);
      await folder.sql(`CALL imat.fold('joined')`);
      expect(await pending()).toBe('0');
      await expectExact(folder, ALL);
    },
  );

  test('by statement_timeout, waiting for another fold: the other is not disturbed', async () => {
    const { release } = await stopFolds('state');
    const [first, second, third] = [
      await world.session(),
      await world.session(),
      await world.session(),
    ];
    const outcome = outcomeOf(first.sql(`CALL imat.fold('joined')`));
    await untilBlocked(world, first.pid);
    await second.sql(`SET statement_timeout = '200ms'`);
    expect(await sqlstateOf(second.sql(`CALL imat.fold('joined')`))).toBe('57014');
    await third.sql(`SET lock_timeout = '100ms'`);
    expect(await sqlstateOf(third.sql(`CALL imat.fold('joined')`))).toBe('55P03');
    await release();
    expect(await outcome).toBeUndefined();
    await noLocksLeft();
    expect(await pending()).toBe('0');
    await expectExact(world, ALL);
  });

  test('at random moments, again and again', async () => {
    const start = performance.now();
    await world.imat.fold('joined');
    const wholeMs = performance.now() - start;
    for (let attempt = 0; attempt < 25; attempt++) {
      await world.sql(
        `INSERT INTO sale
         SELECT 1000 + ${attempt} * 400 + i, 'r' || i % 7, 1 + i % 10, i
         FROM generate_series(1, 400) AS i;
         UPDATE product SET kind = 'k' || (id + ${attempt}) % 4;
         DELETE FROM sale WHERE id % 11 = ${attempt % 11}`,
      );
      const folder = await world.session();
      const outcome = outcomeOf(folder.sql(`CALL imat.fold('joined')`));
      await sleep(((attempt % 13) / 13) * wholeMs);
      await world.value(
        `SELECT ${attempt % 2 === 0 ? 'pg_terminate_backend' : 'pg_cancel_backend'}(${folder.pid})`,
      );
      await outcome;
      if (attempt % 5 === 0) await expectExact(world, ALL, `attempt ${attempt}`);
      await folder.db.close().catch(() => undefined);
    }
    await until(
      'the last one has ended',
      async () =>
        (
          await world.rows(
            `SELECT
             FROM pg_locks
             WHERE locktype = 'advisory'
               AND pid <> pg_backend_pid()
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          )
        ).length === 0,
    );
    await expectExact(world, ALL);
    await foldAll(world.imat);
    expect(await pending()).toBe('0');
    await expectExact(world, ALL);
  });
});

describe('folds at once', () => {
  test('of one imat: the second waits, and has nothing left to do', async () => {
    const { release } = await stopFolds('state');
    const [first, second] = [await world.session(), await world.session()];
    const outcomes = [outcomeOf(first.sql(`CALL imat.fold('joined')`))];
    await untilBlocked(world, first.pid);
    outcomes.push(outcomeOf(second.sql(`CALL imat.fold('joined')`)));
    await untilBlocked(world, second.pid);
    // It waits without a snapshot that would keep vacuum back for as long as it waits.
    expect(
      await world.value(
        'SELECT backend_xmin IS NULL OR backend_xid IS NULL FROM ' +
          `pg_stat_activity WHERE pid = ${second.pid}`,
      ),
    ).toBe(true);
    await release();
    expect(await Promise.all(outcomes)).toEqual([undefined, undefined]);
    expect(await first.value<string>(`SELECT current_setting('imat.rows')`)).not.toBe('0');
    expect(await second.value<string>(`SELECT current_setting('imat.rows')`)).toBe('0');
    await expectExact(world, ALL);
  });

  test('of one imat by eight sessions, while others write: each change counts once', async () => {
    const folders = await Promise.all(Array.from({ length: 8 }, () => world.session()));
    const writers = await Promise.all(Array.from({ length: 3 }, () => world.session()));
    let writing = true;
    let folds = 0;
    const fold = async (session: Session): Promise<void> => {
      while (writing) {
        await session.sql(`CALL imat.fold('joined')`);
        folds += 1;
      }
    };
    const write = async (session: Session, index: number): Promise<void> => {
      for (let step = 0; step < 60 || folds <= folders.length; step++) {
        const id = 10_000 * (index + 1) + step;
        await session.sql(
          `INSERT INTO sale VALUES (${id}, 'w${index}', ${1 + (step % 10)}, ${step});
           UPDATE sale SET amount = amount + 1 WHERE id = ${id - 3};
           DELETE FROM sale WHERE id = ${id - 7}`,
        );
      }
    };
    const folding = Promise.all(folders.map(fold));
    // Folds end after the writers, unless one fails.
    await Promise.race([Promise.all(writers.map(write)), folding]);
    writing = false;
    await folding;
    expect(folds).toBeGreaterThan(folders.length);
    await expectExact(world, ALL);
    await foldAll(world.imat);
    await expectExact(world, ALL);
    expect(await world.value(`SELECT sum(rows)::int FROM imat_store.state_joined`)).toBe(
      await world.value('SELECT count(*)::int FROM sale'),
    );
  });

  test('of different imats on one source do not wait for each other', async () => {
    const { release } = await stopFolds('state');
    const first = await world.session();
    const outcome = outcomeOf(first.sql(`CALL imat.fold('joined')`));
    await untilBlocked(world, first.pid);
    await world.imat.fold('summed');
    await world.imat.fold('listed');
    expect(await pending('summed')).toBe('0');
    // The log keeps what the third imat has not taken in.
    await expectExact(world, ALL);
    await release();
    expect(await outcome).toBeUndefined();
    await expectExact(world, ALL);
  });

  test('in a session that has folded before, with imats made and reverted in between', async () => {
    const folder = await world.session();
    for (let round = 0; round < 3; round++) {
      await world.sql(`INSERT INTO sale VALUES (${2000 + round}, 'again', 1, 1)`);
      for (const { name } of ALL) await folder.sql(`CALL imat.fold('${name}')`);
      await expectExact(folder, ALL);
      await world.imat.revert('joined');
      await world.imat.create('joined', JOINED.definition);
      await world.sql('DELETE FROM sale WHERE id % 7 = 1');
      await expectExact(folder, ALL);
    }
    for (const { name } of ALL) await world.imat.revert(name);
    for (const { name, definition } of ALL) await world.imat.create(name, definition);
    await world.sql(`INSERT INTO sale VALUES (3000, 'last', 1, 1)`);
    await folder.sql(`CALL imat.fold('joined')`);
    await expectExact(folder, ALL);
  });
});

describe('where it cannot run', () => {
  test.each([
    ['a transaction block', 'BEGIN', `CALL imat.fold('joined')`],
    ['a transaction block, as a swap', 'BEGIN', `CALL imat.swap('joined')`],
    [
      'a REPEATABLE READ transaction',
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
      `CALL imat.fold('joined')`,
    ],
    ['an implicit transaction', '', `SELECT 1; CALL imat.fold('joined')`],
    ['a DO block inside a transaction', 'BEGIN', `DO $$ BEGIN CALL imat.fold('joined'); END $$`],
    [
      'a function',
      '',
      `CREATE FUNCTION pg_temp.f() RETURNS void
       LANGUAGE plpgsql
       AS $$ BEGIN CALL imat.fold('joined'); END $$`,
    ],
  ])('%s: says so, and locks nothing', async (_where, before, call) => {
    const session = await world.session();
    if (before !== '') await session.sql(before);
    if (call.startsWith('CREATE')) await session.sql(call);
    const error = await outcomeOf(
      session.sql(call.startsWith('CREATE') ? 'SELECT pg_temp.f()' : call),
    );
    expect(error).toMatchObject({
      sqlstate: '25001',
      message: expect.stringMatching(
        /^imat\.(fold|swap) cannot run inside a transaction block or a function$/,
      ),
      hint: expect.stringContaining('autocommit'),
    });
    await noLocksLeft();
    await session.sql('ROLLBACK');
    await world.imat.fold('joined');
    await expectExact(world, ALL);
  });

  test('but can where a procedure calls it, or a DO block of its own', async () => {
    await world.sql(`CREATE PROCEDURE all_of_them() LANGUAGE plpgsql AS $$ DECLARE n text; BEGIN
      FOR n IN SELECT name FROM imat_catalog.status WHERE strategy = 'delta' LOOP
        CALL imat.fold(n);
      END LOOP;
      END $$`);
    await world.sql('CALL all_of_them()');
    expect(await world.value(`SELECT sum(pending_rows)::int FROM imat_catalog.status`)).toBe(0);
    await world.sql(`INSERT INTO sale VALUES (2000, 'again', 1, 1)`);
    await world.sql(`DO $$ BEGIN CALL imat.fold('joined'); END $$`);
    expect(await pending()).toBe('0');
    await expectExact(world, ALL);
  });

  test.each(['serializable', 'repeatable read', 'read committed'])(
    'under default_transaction_isolation = %s it works, and its cleaning troubles nobody',
    async (isolation) => {
      const folder = await world.session();
      await folder.sql(`SET default_transaction_isolation = '${isolation}'`);
      // A reader and a writer, both SERIALIZABLE, that a SERIALIZABLE clean-up between them would
      // make fail.
      const [reader, writer] = [await world.session(), await world.session()];
      await reader.sql('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await expectExact(reader, ALL);
      await writer.sql(
        `BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO sale VALUES (2000, 'again', 1, 1)`,
      );
      for (const { name } of ALL) await folder.sql(`CALL imat.fold('${name}')`);
      await writer.sql('COMMIT');
      await expectExact(reader, ALL);
      await reader.sql('COMMIT');
      for (const { name } of ALL) await folder.sql(`CALL imat.fold('${name}')`);
      await expectExact(world, ALL);
    },
  );

  test('a session that may only read says so', async () => {
    const folder = await world.session();
    await folder.sql('SET default_transaction_read_only = on');
    expect(await sqlstateOf(folder.sql(`CALL imat.fold('joined')`))).toBe('25006');
    await noLocksLeft();
    await expectExact(folder, ALL);
  });
});

describe('an expression that fails', () => {
  test('for a row that stays: nothing is moved, and reads fail until the row is gone', async () => {
    await world.sql(
      `CREATE TABLE ratio (id int PRIMARY KEY, region text, a int, b int);
       INSERT INTO ratio SELECT i, 'r' || i % 3, i, i FROM generate_series(1, 20) AS i`,
    );
    const ratios: Checked = {
      name: 'ratios',
      definition:
        'SELECT region, count(*) AS n, sum(a / b) AS total FROM public.ratio GROUP BY region',
    };
    expect((await world.imat.create('ratios', ratios.definition)).strategy).toBe('delta');
    await world.sql(
      `INSERT INTO ratio VALUES (100, 'r1', 7, 2); INSERT INTO ratio VALUES (101, 'r1', 7, 0)`,
    );
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await sqlstateOf(world.sql(`CALL imat.fold('ratios')`))).toBe('22012');
      await noLocksLeft();
      expect(await pending('ratios')).toBe('2');
      expect(await sqlstateOf(world.rows('SELECT * FROM imat.ratios'))).toBe('22012');
      expect(await sqlstateOf(world.rows(ratios.definition))).toBe('22012');
    }
    await world.sql('INSERT INTO ratio VALUES (102, $$r2$$, 9, 3)');
    await world.sql('DELETE FROM ratio WHERE id = 101');
    await expectExact(world, ratios);
    await world.imat.fold('ratios');
    expect(await pending('ratios')).toBe('0');
    await expectExact(world, ratios);
  });
});
