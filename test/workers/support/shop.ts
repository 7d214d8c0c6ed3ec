/**
 * A database with imats of every kind that workers treat differently, somebody who writes, and what
 * must hold afterwards.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  copyDatabase,
  createPreparedDatabase,
  type TestDatabase,
  WITH_EXTENSION,
} from '../../setup/database.ts';
import {
  expectExact,
  openWorld,
  type Session,
  until,
  type World,
} from '../../engine/commands/support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SETUP = `
CREATE TABLE sales (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, region text, amount numeric(10, 2)
);
INSERT INTO sales (region, amount) SELECT 'r' || g % 20, g % 100 FROM generate_series(1, 2000) g;
CREATE TABLE regions (region text PRIMARY KEY, manager text);
INSERT INTO regions SELECT 'r' || g, 'm' || g % 4 FROM generate_series(0, 19) g`;

const TOTALS =
  'SELECT region, count(*) AS n, sum(amount) AS total FROM public.sales GROUP BY region';
const BY_MANAGER = `SELECT r.manager, count(*) AS n, sum(s.amount) AS total
  FROM public.sales s JOIN public.regions r USING (region)
  GROUP BY r.manager`;
const RANKS = `${REBUILT}
  SELECT region, rank() OVER (ORDER BY sum(amount)) AS place FROM public.sales GROUP BY region`;

export const IMATS = [
  { name: 'totals', definition: TOTALS },
  { name: 'by_manager', definition: BY_MANAGER },
  { name: 'ranks', definition: RANKS },
  { name: 'ranks_1s', definition: RANKS },
] as const;

/** Makes shops for the tests of a file: copies of one whose imats are made once. */
export function useShops(): () => Promise<World> {
  let model: TestDatabase | null = null;
  beforeAll(async () => {
    model = await createPreparedDatabase();
    // A database is copied only when nobody is in it.
    const shop = await fill(await openWorld(model.url, SETUP, async () => undefined));
    await shop.drop();
  });
  afterAll(() => model?.drop());
  return async () => {
    if (model === null) throw new Error('shops are copied after the hooks before all tests');
    const copy = await copyDatabase(model.name);
    return openWorld(copy.url, '', () => copy.drop());
  };
}

/** In the database of a server of its own. */
export async function shopOn(url: string): Promise<World> {
  return fill(await openWorld(url, SETUP, async () => undefined));
}

async function fill(world: World): Promise<World> {
  await world.imat.create('totals', TOTALS);
  await world.imat.create('by_manager', BY_MANAGER, { freshness: '1s' });
  await world.imat.create('ranks', RANKS);
  await world.imat.create('ranks_1s', RANKS, { freshness: '1s' });
  return world;
}

export type Writer = { readonly written: () => number; stop(): Promise<void> };

/** Writes until it is stopped; a server that is away for a while is waited for. */
export function startWriter(connect: () => Promise<Session>, pauseMs = 10): Writer {
  let stopping = false;
  let written = 0;
  const run = async (): Promise<void> => {
    let session: Session | null = null;
    for (let n = 0; !stopping; n++) {
      try {
        session ??= await connect();
        await session.sql(
          n % 3 === 0
            ? `UPDATE sales SET amount = amount + 1 WHERE id = ${(n % 2000) + 1}`
            : n % 7 === 0
              ? `DELETE FROM sales WHERE id = ${((n * 13) % 2000) + 1}`
              : `INSERT INTO sales (region, amount) VALUES ('r${n % 25}', ${n % 50})`,
        );
        written += 1;
      } catch {
        session = null;
        await sleep(50);
      }
      await sleep(pauseMs);
    }
  };
  const running = run();
  return {
    written: () => written,
    stop: async () => {
      stopping = true;
      await running;
    },
  };
}

/** Makes a worker believe that sales has changed, without a lock on the table. */
export async function pretendChange(shop: World): Promise<void> {
  await shop.sql('INSERT INTO imat_store.log_public_sales (weight) SELECT 0');
  if (WITH_EXTENSION) await shop.sql(`SELECT set_last_timestamp('sales', clock_timestamp())`);
}

/**
 * After whatever happened: nothing stays pending, everything is equal to its definition, and
 * nothing is left lying about.
 */
export async function expectSettled(world: World, timeoutMs = 120_000): Promise<void> {
  await until(
    'everything is folded and swapped',
    async () =>
      (await world.value<number>(
        `SELECT count(*)::int
         FROM imat_catalog.imat i
         WHERE i.swap_phase IS NOT NULL OR imat_catalog.pending_rows(i.id) > 0`,
      )) === 0,
    timeoutMs,
  );
  await expectExact(world, IMATS);
  expect(await world.rows(ORPHANS)).toEqual([]);
}

/** Slots that no frontier names. */
const ORPHANS = `
SELECT c.relname
FROM pg_class c
WHERE c.relnamespace = 'imat_store'::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'slot%'
  AND c.oid NOT IN (SELECT state_relation FROM imat_catalog.frontier)`;

/** When the workers are gone: no lock, no lease, no session of theirs. */
export async function expectNothingLeft(world: World): Promise<void> {
  await until(
    'sessions of workers end',
    async () =>
      (
        await world.rows(
          `SELECT
           FROM pg_stat_activity
           WHERE application_name LIKE 'imat worker%' AND datname = current_database()`,
        )
      ).length === 0,
  );
  expect(
    await world.rows(
      "SELECT * FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = " +
        '(SELECT oid FROM pg_database WHERE datname = current_database())',
    ),
  ).toEqual([]);
  expect(
    await world.rows(
      `SELECT imat_id, worker FROM imat_catalog.schedule WHERE lease_until > clock_timestamp()`,
    ),
  ).toEqual([]);
}
