/**
 * While a source is locked its writers wait, and each round trip is a part of that: over a network
 * it can take many milliseconds.
 */
import { expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import { createImat } from '../../../engine/index.ts';
import { useDatabase, WITH_EXTENSION } from '../../setup/database.ts';

const database = useDatabase();

/** With the extension one more, which registers the log. */
const MOST = WITH_EXTENSION ? 6 : 5;

const LOCK = /LOCK TABLE (?:ONLY )?public\./;

/** `trips` gets the number of each transaction that locks a source, from the lock to the end. */
function counting(db: Db, trips: number[]): Db {
  let count: number | null = null;
  const sees = (sql: string, more: number): void => {
    if (count !== null || LOCK.test(sql)) count = (count ?? 0) + more;
  };
  const counted: Partial<Db> = {
    defer: (sql) => {
      sees(sql, 0);
      db.defer(sql);
    },
    query: (sql, params) => {
      sees(sql, 1);
      return db.query(sql, params);
    },
    execute: (sql) => {
      sees(sql, 1);
      return db.execute(sql);
    },
    transaction: async (isolation, body, settings) => {
      const value = await db.transaction(isolation, body, settings);
      // The end of the transaction is one more.
      if (count !== null) trips.push(count + 1);
      count = null;
      return value;
    },
  };
  return new Proxy(db, {
    get: (target, property) => {
      const own: unknown = Reflect.get(counted, property);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

test('a source is locked for few round trips', async () => {
  const db = await connectDb({ kind: 'url', url: database.url });
  await db.execute(`CREATE TABLE public.t (k int, v int, w int);
    CREATE TABLE public.u (k int, v int);
    CREATE MATERIALIZED VIEW public.sums AS
      SELECT t.k, sum(t.v) AS s FROM public.t JOIN public.u USING (k) GROUP BY t.k;
    CREATE MATERIALIZED VIEW public.more AS
      SELECT t.k, sum(t.w) AS s FROM public.t JOIN public.u USING (k) GROUP BY t.k`);
  const trips: Record<string, number[]> = {};
  const during = (command: string): ReturnType<typeof createImat> =>
    createImat(counting(db, (trips[command] = [])));
  await during('convert').convert('public.sums');
  await during('convert with another column').convert('public.more');
  await during('revert without this column').revert('more');
  await during('revert').revert('sums');
  await db.close();
  expect(Object.values(trips).map((each) => each.length)).toEqual([2, 1, 1, 2]);
  expect(Math.max(...Object.values(trips).flat())).toBeLessThanOrEqual(MOST);
});
