/**
 * Who counts changes hands while eight clients write: no row is lost or counted twice, and no
 * writer gets an error. Each transaction stores in `oracle` what it has changed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seedOfRun } from '../../setup/seed.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  type World,
} from '../commands/support/world.ts';
import { detailed } from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const CLIENTS = 8;
const ROUNDS = 3;
const TABLES = ['t', 'u'] as const;
const VERBS = ['INSERT', 'UPDATE', 'DELETE'] as const;

const checkedOf = (table: string): Checked => ({
  name: `of_${table}`,
  definition: `SELECT g, count(*) AS n, sum(v) AS s FROM public.${table} GROUP BY g`,
});
const convert = (world: World, table: string): Promise<unknown> =>
  world.imat.create(`of_${table}`, checkedOf(table).definition);

/** Each client has rows of its own, so that nobody waits for another one. */
async function write(world: World, client: number, isWriting: () => boolean): Promise<void> {
  const session = await world.session();
  let state = seedOfRun() + client;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const change = async (table: string, verb: string): Promise<number> => {
    const some = `WHERE ctid IN (SELECT ctid FROM ${table} WHERE g = ${client} LIMIT ${random(4)})`;
    const text =
      verb === 'INSERT'
        ? `INSERT INTO ${table} SELECT ${client}, i FROM generate_series(1, ${random(5)}) i`
        : verb === 'UPDATE'
          ? `UPDATE ${table} SET v = v + 1 ${some}`
          : `DELETE FROM ${table} ${some}`;
    return Number(
      (
        await session.rows<{ n: string }>(`WITH w AS (${text} RETURNING 1)
        SELECT count(*) AS n FROM w`)
      )[0]?.n,
    );
  };
  for (let round = 0; isWriting(); round += 1) {
    await session.sql('BEGIN');
    for (const table of TABLES) {
      const verb = VERBS[random(3)] ?? 'INSERT';
      const rows = await change(table, verb);
      await session.sql('SAVEPOINT s');
      await change(table, 'INSERT');
      await session.sql('ROLLBACK TO s');
      await session.sql(
        `INSERT INTO oracle VALUES ('${client}.${round}', '${table}', '${verb}', ${rows})`,
      );
    }
    await session.sql('SELECT pg_advisory_xact_lock_shared(1)');
    await session.sql(random(5) === 0 ? 'ROLLBACK' : 'COMMIT');
  }
}

/** A mark of a group, and who was there before. */
async function mark(world: World, group: string, name: string): Promise<void> {
  await world.sql('SELECT pg_advisory_lock(1)');
  await world.sql(`INSERT INTO seen SELECT DISTINCT '${name}', writer FROM oracle`);
  await world.sql(`SELECT imat.set_mark('${group}', '${name}')`);
  await world.sql('SELECT pg_advisory_unlock(1)');
}

async function expectSums(
  world: World,
  group: string,
  table: string,
  [first, last]: readonly [string, string],
): Promise<void> {
  const noted = await world.rows<{ verb: string; n: string }>(
    `SELECT verb, sum(n) AS n FROM oracle
     WHERE n > 0 AND t = '${table}'
       AND writer IN (SELECT writer FROM seen WHERE mark = '${last}')
       AND writer NOT IN (SELECT writer FROM seen WHERE mark = '${first}')
     GROUP BY verb ORDER BY verb`,
  );
  expect(
    (await detailed(world, group, first, last)).map(([, , verb, n]) => [verb, n]),
    `IMAT_SEED=${seedOfRun()}, ${first} to ${last}`,
  ).toEqual(noted.map(({ verb, n }) => [verb, Number(n)]));
}

/** What changes who counts `t`, which is in a group all the time. */
const CHANGES: readonly ((world: World) => Promise<unknown>)[] = [
  (world) => convert(world, 't'),
  (world) => world.sql('ALTER TABLE t RENAME w TO x'),
  (world) => foldAll(world.imat),
  (world) => world.sql('ALTER TABLE t RENAME x TO w'),
  (world) => world.sql('ALTER TABLE t DISABLE TRIGGER "!imat_insert"'),
  (world) => world.imat.repair('of_t'),
  (world) => world.imat.create('wide', 'SELECT w, count(*) FROM public.t GROUP BY w'),
  (world) => world.imat.revert('wide'),
  (world) => world.sql('DROP TRIGGER "!imat_delete" ON t'),
  (world) => world.imat.revert('of_t'),
];

test('every row counts once while imats and groups come and go', async () => {
  const world = await createPreparedWorld(`CREATE TABLE t (g int, v int, w int);
    CREATE TABLE u (LIKE t); CREATE TABLE oracle (writer text, t text, verb text, n bigint);
    CREATE TABLE seen (mark text, writer text);
    INSERT INTO t SELECT i % ${CLIENTS}, i FROM generate_series(1, 800) i;
    INSERT INTO u TABLE t;
    SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start')`);
  try {
    await convert(world, 'u');
    let writing = true;
    const clients = Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => write(world, i, () => writing)),
    );
    // An error of a client ends the test where it is awaited.
    clients.catch(() => undefined);
    try {
      for (let round = 0; round < ROUNDS; round += 1)
        for (const [i, change] of CHANGES.entries()) {
          const [first, last] = [`${round}.${i} first`, `${round}.${i} last`];
          // The only group of `u`, which capture counts.
          await world.sql(
            `SELECT imat.create_group('only', ARRAY['u']::regclass[], '{}', 'start')`,
          );
          await mark(world, 'g', first);
          await mark(world, 'only', `${first} of u`);
          await change(world);
          await sleep(20);
          await mark(world, 'only', `${last} of u`);
          await mark(world, 'g', last);
          await expectSums(world, 'g', 't', [first, last]);
          await expectSums(world, 'only', 'u', [`${first} of u`, `${last} of u`]);
          await world.sql(`SELECT imat.drop_group('only'); SELECT imat.fold_counts()`);
          await expectExact(world, checkedOf('u'));
        }
    } finally {
      writing = false;
    }
    await clients;
    await mark(world, 'g', 'end');
    await expectSums(world, 'g', 't', ['0.0 first', 'end']);
    expect(Number(await world.value('SELECT sum(n) FROM oracle'))).toBeGreaterThan(1000);
  } finally {
    await world.drop();
  }
});
